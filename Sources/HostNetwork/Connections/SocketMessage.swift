// SPDX-License-Identifier: Apache-2.0
import CEgressShims
import EgressModel
import EgressPlan
import Glibc

/// A socket as sock_diag has it (`struct inet_diag_msg`): what `ss` shows.
struct SocketMessage {
    var local: IPAddress
    var localPort: UInt16
    var remote: IPAddress
    var remotePort: UInt16
    /// TCP_*, of the kernel's `net/tcp_states.h`; a connected UDP socket is ESTABLISHED.
    var state: UInt8

    static let listening: UInt8 = 10

    init?(_ message: NetlinkMessage) throws(NetlinkError) {
        guard message.type == Int(SOCK_DIAG_BY_FAMILY) else { return nil }
        guard let head = message.payload.load(inet_diag_msg.self) else { throw .malformed("a socket without a header") }
        guard let local = Self.address(head.id.idiag_src, head.idiag_family),
            let remote = Self.address(head.id.idiag_dst, head.idiag_family)
        else { return nil }
        self.local = local
        self.remote = remote
        localPort = UInt16(bigEndian: head.id.idiag_sport)
        remotePort = UInt16(bigEndian: head.id.idiag_dport)
        state = head.idiag_state
    }

    /// A socket of IPv6 may carry IPv4 (RFC 4291, 2.5.5.2).
    private static func address(_ words: (UInt32, UInt32, UInt32, UInt32), _ family: UInt8) -> IPAddress? {
        let octets = bytes(of: words)
        if Int32(family) == AF_INET { return IPAddress(octets: octets.prefix(4)) }
        let isMapped = octets.prefix(10).allSatisfy { $0 == 0 } && octets[10...11].allSatisfy { $0 == 0xFF }
        return IPAddress(octets: isMapped ? octets.suffix(4) : octets[...])
    }

    /// The socket as a pod's connection. Sockets don't say who opened them: a port that something listens on was called.
    func connection(_ transport: LiveConnection.Transport, listening ports: Set<UInt16>) -> LiveConnection? {
        let stage: LiveConnection.Stage
        switch state {
        case 1: stage = .established
        case 2, 3, 12: stage = .opening  // SYN_SENT, SYN_RECV, NEW_SYN_RECV
        case 4, 5, 8, 9, 11: stage = .closing  // FIN_WAIT1, FIN_WAIT2, CLOSE_WAIT, LAST_ACK, CLOSING
        default: return nil
        }
        return LiveConnection(
            transport: transport, pod: local, podPort: localPort, remote: remote, remotePort: remotePort,
            isOpenedByPod: transport == .udp || !ports.contains(localPort), isAnswered: stage != .opening,
            stage: transport == .tcp ? stage : nil)
    }
}

extension NetlinkSocket {
    /// TCP connections and connected UDP sockets of the namespace that the socket, of NETLINK_SOCK_DIAG, was made in,
    /// which have one of these addresses: `ss -tun`. Needs no right of its own.
    func openSockets(of addresses: Set<IPAddress>) throws(NetlinkError) -> [LiveConnection] {
        var found: Set<LiveConnection> = []
        let tcp = try sockets(IPPROTO_TCP, states: ~0)
        let ports = Set(tcp.filter { $0.state == SocketMessage.listening }.map(\.localPort))
        found.formUnion(tcp.compactMap { $0.connection(.tcp, listening: ports) })
        // Of UDP only those that are connected have another end.
        found.formUnion(try sockets(IPPROTO_UDP, states: 1 << 1).compactMap { $0.connection(.udp, listening: []) })
        return found.filter { addresses.contains($0.pod) }
    }

    private func sockets(_ number: Int, states: UInt32) throws(NetlinkError) -> [SocketMessage] {
        var found: [SocketMessage] = []
        for family in [AF_INET, AF_INET6] {
            var head = inet_diag_req_v2()
            head.sdiag_family = UInt8(clamping: family)
            head.sdiag_protocol = UInt8(clamping: number)
            head.idiag_states = states
            found += try dump(NetlinkRequest(Int(SOCK_DIAG_BY_FAMILY), flags: Int(NLM_F_DUMP), head)) { message throws(NetlinkError) in
                try SocketMessage(message)
            }
        }
        return found
    }
}
