// SPDX-License-Identifier: Apache-2.0
import CEgressShims
import EgressModel
public import EgressPlan
import Glibc

extension HostNetwork {
    public func claimedAddresses() throws -> Set<ClaimedAddress> {
        try named("can't read which addresses are ours") { Set(try NetlinkSocket().marked().map(\.claimed)) }
    }

    public func addAddress(_ claimed: ClaimedAddress) throws {
        try named("can't put \(claimed.address) on interface \(claimed.interfaceIndex)") {
            let socket = try NetlinkSocket()
            do throws(NetlinkError) {
                try socket.change(.addition(of: claimed))
            } catch {
                // Somebody was faster, or it is ours already.
                if error.errno == EEXIST { return }
                throw error
            }
            guard try !socket.marked().contains(where: { $0.claimed == claimed }) else { return }
            try? socket.change(.removal(of: claimed))
            throw HostNetworkError(
                "the kernel keeps no mark with \(claimed.address), so it couldn't be told from an administrator's later",
                hint: "policies that claim addresses need Linux 5.18; without `claim`, put the address on the interface yourself")
        }
    }

    public func removeAddress(_ claimed: ClaimedAddress) throws {
        try named("can't take \(claimed.address) from interface \(claimed.interfaceIndex)") {
            let socket = try NetlinkSocket()
            for message in try socket.marked() where message.claimed == claimed {
                do throws(NetlinkError) {
                    try socket.change(.removal(of: claimed))
                } catch {
                    // Gone in between, with its interface perhaps.
                    guard error.errno == EADDRNOTAVAIL || error.errno == ENODEV else { throw error }
                }
            }
        }
    }

    public func liveInterfaces() throws -> Set<Int> {
        try named("can't read the node's interfaces") { Set(try NetlinkSocket().links().filter(\.isLive).map(\.index)) }
    }

    public func announce(_ claimed: ClaimedAddress) throws {
        let what = "can't announce \(claimed.address) on interface \(claimed.interfaceIndex)"
        let link = try named(what) { try NetlinkSocket().links().first { $0.index == claimed.interfaceIndex } }
        guard let link, let frame = link.announcement(of: claimed.address) else { return }
        let result = egress_transmit(UInt32(clamping: claimed.interfaceIndex), frame, frame.count)
        // A link that lost its carrier drops it, and is announced on again when it is back.
        guard result == 0 || result == -ENOBUFS || result == -ENETDOWN else {
            throw HostNetworkError(what, errno: -result, hint: result == -EPERM ? "the helper needs CAP_BPF and CAP_NET_ADMIN" : nil)
        }
    }
}

extension LinkMessage {
    /// ARPHRD_ETHER (linux/if_arp.h).
    private static let ethernet: UInt16 = 1

    /// `nil` where there is nothing to tell anybody: no Ethernet, or neighbours aren't asked for by address.
    func announcement(of address: IPAddress) -> [UInt8]? {
        guard hardwareType == Self.ethernet, !isARPLess, !isLoopback else { return nil }
        return EgressAnnouncement(address: address, hardwareAddress: hardwareAddress)?.frame
    }
}

extension AddressMessage {
    /// Who we are in IFA_PROTO. Linux uses 1 to 3 (`IFAPROT_*` of if_addr.h) and leaves the rest to programs.
    static let ourMark: UInt8 = 0xE9

    var isOurs: Bool { owner == Self.ourMark }
    var claimed: ClaimedAddress { ClaimedAddress(address.address, interfaceIndex: index) }
}

extension NetlinkSocket {
    /// Also those that the kernel doesn't use yet.
    fileprivate func marked() throws(NetlinkError) -> [AddressMessage] {
        try dump(NetlinkRequest(Int(RTM_GETADDR), flags: Int(NLM_F_DUMP), ifaddrmsg())) { message throws(NetlinkError) in
            try AddressMessage(message).flatMap { $0.isOurs ? $0 : nil }
        }
    }
}

extension NetlinkRequest {
    /// `ip address add ADDRESS/32 dev … proto 0xe9`; IPv6 with `nodad noprefixroute preferred_lft 0`.
    ///
    /// No duplicate address detection: who holds the lock has the address, and a second's silence would lose packets.
    /// Not preferred, so that the node's own connections don't take an egress address as their source (RFC 6724, rule 3);
    /// an IPv4 address of /32 isn't chosen for them while the interface has one in the route's network.
    fileprivate static func addition(of claimed: ClaimedAddress) -> NetlinkRequest {
        var request = NetlinkRequest(
            Int(RTM_NEWADDR), flags: Int(NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK), header(of: claimed))
        request.addAddress(claimed.address)
        request.add(Int(IFA_PROTO), number: AddressMessage.ourMark)
        if claimed.address.family == .ipv6 {
            request.add(Int(IFA_FLAGS), number: UInt32(IFA_F_NODAD | IFA_F_NOPREFIXROUTE))
            request.add(Int(IFA_CACHEINFO), bytes(of: ifa_cacheinfo(ifa_prefered: 0, ifa_valid: .max, cstamp: 0, tstamp: 0)))
        }
        return request
    }

    fileprivate static func removal(of claimed: ClaimedAddress) -> NetlinkRequest {
        var request = NetlinkRequest(Int(RTM_DELADDR), flags: Int(NLM_F_ACK), header(of: claimed))
        request.addAddress(claimed.address)
        return request
    }

    private static func header(of claimed: ClaimedAddress) -> ifaddrmsg {
        let isIPv4 = claimed.address.family == .ipv4
        return ifaddrmsg(
            ifa_family: UInt8(clamping: isIPv4 ? AF_INET : AF_INET6), ifa_prefixlen: isIPv4 ? 32 : 128, ifa_flags: 0,
            ifa_scope: UInt8(RT_SCOPE_UNIVERSE.rawValue), ifa_index: UInt32(clamping: claimed.interfaceIndex))
    }

    private mutating func addAddress(_ address: IPAddress) {
        add(Int(IFA_LOCAL), address)
        add(Int(IFA_ADDRESS), address)
    }
}
