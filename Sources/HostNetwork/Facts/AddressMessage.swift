// SPDX-License-Identifier: Apache-2.0
import CEgressShims
import EgressModel
import Glibc

/// RTM_NEWADDR, as far as it matters here.
struct AddressMessage {
    var index: Int
    var address: InterfaceAddress
    /// IFA_F_*.
    var flags: UInt32
    var isGlobalScope: Bool
    /// IFA_PROTO: who put it there; 0 where nobody said, and before Linux 5.18.
    var owner: UInt8

    /// Whether the kernel accepts packets to it and sends from it (RFC 4862, 5.4).
    var isUsable: Bool {
        let isTentative = flags & UInt32(IFA_F_TENTATIVE) != 0 && flags & UInt32(IFA_F_OPTIMISTIC) == 0
        return !isTentative && flags & UInt32(IFA_F_DADFAILED) == 0
    }

    init?(_ message: NetlinkMessage) throws(NetlinkError) {
        guard message.type == Int(RTM_NEWADDR) else { return nil }
        guard let head = message.payload.load(ifaddrmsg.self) else { throw .malformed("an address without a header") }
        let attributes = try Attribute.parse(message.payload.dropFirst(MemoryLayout<ifaddrmsg>.size))
        // On a point-to-point link IFA_ADDRESS is the other end's.
        guard let own = attributes.last(Int(IFA_LOCAL)) ?? attributes.last(Int(IFA_ADDRESS)),
            let address = InterfaceAddress(try own.address(), prefixLength: Int(head.ifa_prefixlen))
        else { return nil }
        self.address = address
        index = Int(head.ifa_index)
        flags = try attributes.last(Int(IFA_FLAGS))?.number(UInt32.self) ?? UInt32(head.ifa_flags)
        owner = try attributes.last(Int(IFA_PROTO))?.number(UInt8.self) ?? 0
        isGlobalScope = head.ifa_scope == UInt8(RT_SCOPE_UNIVERSE.rawValue) && address.address.isGlobal
    }
}

extension NetlinkSocket {
    /// `ip address`, of this namespace, or of the one that has the id here (`ip -netns`, without entering it).
    ///
    /// Another namespace needs CAP_NET_ADMIN in it: the kernel's IFA_TARGET_NETNSID (4.20).
    func addresses(namespaceID: Int32? = nil) throws(NetlinkError) -> [AddressMessage] {
        var request = NetlinkRequest(Int(RTM_GETADDR), flags: Int(NLM_F_DUMP), ifaddrmsg())
        if let namespaceID { request.add(Int(IFA_TARGET_NETNSID), number: namespaceID) }
        return try dump(request) { message throws(NetlinkError) in
            try AddressMessage(message).flatMap { $0.isUsable ? $0 : nil }
        }
    }
}
