// SPDX-License-Identifier: Apache-2.0
import CEgressShims
import EgressModel
import EgressPlan
import Glibc

/// One direction of a connection as conntrack has it (CTA_TUPLE_*).
struct ConntrackTuple: Hashable {
    var source: IPAddress
    var sourcePort: UInt16
    var destination: IPAddress
    var destinationPort: UInt16
    var transport: LiveConnection.Transport

    /// `nil` for protocols other than TCP and UDP.
    init?(_ attribute: Attribute) throws(NetlinkError) {
        let parts = try attribute.nested()
        guard let ip = try parts.last(Int(CTA_TUPLE_IP.rawValue))?.nested(),
            let ports = try parts.last(Int(CTA_TUPLE_PROTO.rawValue))?.nested(),
            let number = try ports.last(Int(CTA_PROTO_NUM.rawValue))?.number(UInt8.self)
        else { throw .malformed("a connection without addresses or without a protocol") }
        guard let transport = LiveConnection.Transport(rawValue: number) else { return nil }
        self.transport = transport
        source = try Self.address(ip, CTA_IP_V4_SRC, CTA_IP_V6_SRC)
        destination = try Self.address(ip, CTA_IP_V4_DST, CTA_IP_V6_DST)
        sourcePort = try Self.port(ports, CTA_PROTO_SRC_PORT)
        destinationPort = try Self.port(ports, CTA_PROTO_DST_PORT)
    }

    private static func address(_ parts: [Attribute], _ ipv4: ctattr_ip, _ ipv6: ctattr_ip) throws(NetlinkError) -> IPAddress {
        guard let attribute = parts.last(Int(ipv4.rawValue)) ?? parts.last(Int(ipv6.rawValue)) else {
            throw .malformed("a connection without an address")
        }
        return try attribute.address()
    }

    private static func port(_ parts: [Attribute], _ type: ctattr_l4proto) throws(NetlinkError) -> UInt16 {
        guard let attribute = parts.last(Int(type.rawValue)) else { throw .malformed("a connection without ports") }
        return UInt16(bigEndian: try attribute.number(UInt16.self))
    }
}

/// IPCTNL_MSG_CT_NEW, as far as it matters here. Numbers in it are in network order.
struct ConntrackMessage {
    var original: ConntrackTuple
    var reply: ConntrackTuple
    /// IPS_*.
    var status: UInt32
    /// TCP_CONNTRACK_*, of the kernel's `enum tcp_conntrack`; `nil` for UDP.
    var tcpState: UInt8?

    static let type = Int(NFNL_SUBSYS_CTNETLINK) << 8 | Int(IPCTNL_MSG_CT_NEW.rawValue)

    init?(_ message: NetlinkMessage) throws(NetlinkError) {
        guard message.type == Self.type else { return nil }
        let attributes = try Attribute.parse(message.payload.dropFirst(MemoryLayout<nfgenmsg>.size))
        guard let there = attributes.last(Int(CTA_TUPLE_ORIG.rawValue)), let back = attributes.last(Int(CTA_TUPLE_REPLY.rawValue)) else {
            throw .malformed("a connection with one direction only")
        }
        guard let original = try ConntrackTuple(there), let reply = try ConntrackTuple(back) else { return nil }
        self.original = original
        self.reply = reply
        status = UInt32(bigEndian: try attributes.last(Int(CTA_STATUS.rawValue))?.number(UInt32.self) ?? 0)
        let tcp = try attributes.last(Int(CTA_PROTOINFO.rawValue))?.nested().last(Int(CTA_PROTOINFO_TCP.rawValue))?.nested()
        tcpState = try tcp?.last(Int(CTA_PROTOINFO_TCP_STATE.rawValue))?.number(UInt8.self)
    }

    /// The same as a connection of one of these pods; `nil` when it is none of theirs, or has ended.
    ///
    /// What a pod opened to a service has the service's address in the original direction, and the endpoint's in the reply;
    /// what came in over a service has the pod's address in the reply only.
    func connection(of pods: Set<IPAddress>) -> LiveConnection? {
        let stage = original.transport == .tcp ? Self.stage(tcpState) : nil
        if original.transport == .tcp, stage == nil { return nil }
        let isAnswered = status & UInt32(IPS_SEEN_REPLY.rawValue) != 0
        if pods.contains(original.source) {
            return LiveConnection(
                transport: original.transport, pod: original.source, podPort: original.sourcePort, remote: original.destination,
                remotePort: original.destinationPort, destination: reply.source, destinationPort: reply.sourcePort, isOpenedByPod: true,
                isAnswered: isAnswered, stage: stage)
        }
        guard pods.contains(reply.source) else { return nil }
        return LiveConnection(
            transport: reply.transport, pod: reply.source, podPort: reply.sourcePort, remote: reply.destination,
            remotePort: reply.destinationPort, isOpenedByPod: false, isAnswered: isAnswered, stage: stage)
    }

    /// `nil` for one that has ended: TIME_WAIT, CLOSE, and what the kernel doesn't name yet.
    private static func stage(_ state: UInt8?) -> LiveConnection.Stage? {
        switch state {
        case 1, 2, 9: .opening  // SYN_SENT, SYN_RECV, SYN_SENT2
        case 3: .established
        case 4, 5, 6: .closing  // FIN_WAIT, CLOSE_WAIT, LAST_ACK
        default: nil
        }
    }
}

extension NetlinkSocket {
    /// `conntrack -L`, both families, of a socket of NETLINK_NETFILTER. Needs CAP_NET_ADMIN.
    ///
    /// - Returns: the pods' connections, and how many of TCP and UDP conntrack has altogether.
    func trackedConnections(of pods: Set<IPAddress>) throws(NetlinkError) -> (connections: [LiveConnection], tracked: Int) {
        let type = Int(NFNL_SUBSYS_CTNETLINK) << 8 | Int(IPCTNL_MSG_CT_GET.rawValue)
        let request = NetlinkRequest(
            type, flags: Int(NLM_F_DUMP), nfgenmsg(nfgen_family: UInt8(AF_UNSPEC), version: UInt8(NFNETLINK_V0), res_id: 0))
        var tracked = 0
        let connections = try dump(request) { message throws(NetlinkError) in
            guard let entry = try ConntrackMessage(message) else { return LiveConnection?.none }
            tracked += 1
            return entry.connection(of: pods)
        }
        return (connections, tracked)
    }
}
