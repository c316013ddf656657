// SPDX-License-Identifier: Apache-2.0
import CEgressShims
import Glibc

/// RTM_NEWLINK, as far as it matters here.
struct LinkMessage {
    var index: Int
    var name = ""
    var altNames: [String] = []
    /// IFLA_INFO_KIND.
    var kind = ""
    /// IFLA_INFO_DATA, which depends on the kind.
    var details: [Attribute] = []
    var flags: UInt32
    /// ARPHRD_*.
    var hardwareType: UInt16
    /// IFLA_ADDRESS.
    var hardwareAddress: [UInt8] = []
    var mtu = 0
    var master: Int?
    /// IFLA_LINK: for a veth the other end's index, in the namespace that `namespaceID` names.
    var link: Int?
    /// IFLA_LINK_NETNSID; `nil` when the other end is in this namespace.
    var namespaceID: Int32?

    var isUp: Bool { flags & UInt32(IFF_UP) != 0 }
    /// Up, and something is at the other end (IFF_LOWER_UP, of the kernel's own enum).
    var isLive: Bool { isUp && flags & 0x10000 != 0 }
    var isLoopback: Bool { flags & UInt32(IFF_LOOPBACK) != 0 }
    var isARPLess: Bool { flags & UInt32(IFF_NOARP) != 0 }

    init?(_ message: NetlinkMessage) throws(NetlinkError) {
        guard message.type == Int(RTM_NEWLINK) else { return nil }
        guard let head = message.payload.load(ifinfomsg.self) else { throw .malformed("a link without a header") }
        index = Int(head.ifi_index)
        flags = head.ifi_flags
        hardwareType = head.ifi_type
        for attribute in try Attribute.parse(message.payload.dropFirst(MemoryLayout<ifinfomsg>.size)) {
            try take(attribute)
        }
    }

    private mutating func take(_ attribute: Attribute) throws(NetlinkError) {
        switch attribute.type {
        case Int(IFLA_IFNAME): name = attribute.value.text
        case Int(IFLA_ADDRESS): hardwareAddress = Array(attribute.value)
        case Int(IFLA_MTU): mtu = Int(try attribute.number(UInt32.self))
        case Int(IFLA_MASTER): master = Int(try attribute.number(UInt32.self))
        case Int(IFLA_LINK): link = Int(try attribute.number(UInt32.self))
        case Int(IFLA_LINK_NETNSID): namespaceID = try attribute.number(Int32.self)
        case Int(IFLA_PROP_LIST):
            altNames += try attribute.nested().filter { $0.type == Int(IFLA_ALT_IFNAME) }.map(\.value.text)
        case Int(IFLA_LINKINFO):
            let info = try attribute.nested()
            kind = info.last(Int(IFLA_INFO_KIND))?.value.text ?? ""
            details = try info.last(Int(IFLA_INFO_DATA))?.nested() ?? []
        default: break
        }
    }
}

extension NetlinkSocket {
    /// `ip -details link`
    func links() throws(NetlinkError) -> [LinkMessage] {
        var request = NetlinkRequest(Int(RTM_GETLINK), flags: Int(NLM_F_DUMP), ifinfomsg())
        // Statistics are most of a link's message, and most of the time that it takes.
        request.add(Int(IFLA_EXT_MASK), number: UInt32(RTEXT_FILTER_SKIP_STATS))
        return try dump(request) { message throws(NetlinkError) in try LinkMessage(message) }
    }
}
