// SPDX-License-Identifier: Apache-2.0
import CEgressShims
import EgressModel
import Glibc

/// A TCP connection of the kernel's connection tracking, as far as it matters here.
private struct TrackedConnection {
    /// CTA_TUPLE_ORIG as it came: it names the connection.
    var tuple: [UInt8]
    /// CTA_ZONE, likewise.
    var zone: [UInt8]?
    var source: IPAddress

    init?(_ message: NetlinkMessage) throws(NetlinkError) {
        let attributes = try Attribute.parse(message.payload.dropFirst(MemoryLayout<nfgenmsg>.size))
        guard let tuple = attributes.last(Int(CTA_TUPLE_ORIG.rawValue)) else { return nil }
        let parts = try tuple.nested()
        let protocolNumber = try parts.last(Int(CTA_TUPLE_PROTO.rawValue))?.nested().last(Int(CTA_PROTO_NUM.rawValue))?.number(UInt8.self)
        guard protocolNumber == UInt8(clamping: IPPROTO_TCP), let addresses = try parts.last(Int(CTA_TUPLE_IP.rawValue))?.nested(),
            let source = addresses.last(Int(CTA_IP_V4_SRC.rawValue)) ?? addresses.last(Int(CTA_IP_V6_SRC.rawValue))
        else { return nil }
        self.tuple = Array(tuple.value)
        self.zone = attributes.last(Int(CTA_ZONE.rawValue)).map { Array($0.value) }
        self.source = try source.address()
    }

    /// In shell there is no word for it: the connection is taken as it comes, whatever its sequence numbers, as one that
    /// tracking first saw in its middle is.
    func loosened(_ family: Int32) -> NetlinkRequest {
        let header = nfgenmsg(nfgen_family: UInt8(clamping: family), version: UInt8(NFNETLINK_V0), res_id: 0)
        var request = NetlinkRequest(conntrack(IPCTNL_MSG_CT_NEW), flags: Int(NLM_F_ACK), header)
        request.add(Int(CTA_TUPLE_ORIG.rawValue) | Int(NLA_F_NESTED), tuple)
        if let zone { request.add(Int(CTA_ZONE.rawValue), zone) }
        request.add(Int(CTA_PROTOINFO.rawValue)) { info in
            info.add(Int(CTA_PROTOINFO_TCP.rawValue)) { tcp in
                let liberal = UInt8(IP_CT_TCP_FLAG_BE_LIBERAL)
                tcp.add(Int(CTA_PROTOINFO_TCP_FLAGS_ORIGINAL.rawValue), [liberal, liberal])
                tcp.add(Int(CTA_PROTOINFO_TCP_FLAGS_REPLY.rawValue), [liberal, liberal])
            }
        }
        return request
    }
}

private func conntrack(_ message: cntl_msg_types) -> Int { Int(NFNL_SUBSYS_CTNETLINK << 8 | Int32(clamping: message.rawValue)) }

extension NetlinkSocket {
    /// Every TCP connection that one of the addresses opened. Of a kernel that tracks none there are none.
    func loosenConnections(of pods: Set<IPAddress>) throws(NetlinkError) {
        for (family, number) in [(IPFamily.ipv4, AF_INET), (.ipv6, AF_INET6)] where pods.contains(where: { $0.family == family }) {
            let header = nfgenmsg(nfgen_family: UInt8(clamping: number), version: UInt8(NFNETLINK_V0), res_id: 0)
            let request = NetlinkRequest(conntrack(IPCTNL_MSG_CT_GET), flags: Int(NLM_F_DUMP), header)
            let connections: [TrackedConnection]
            do throws(NetlinkError) {
                connections = try dump(request) { message throws(NetlinkError) in
                    try TrackedConnection(message).flatMap { pods.contains($0.source) ? $0 : nil }
                }
            } catch .refused(let code, _) where code == EINVAL || code == EOPNOTSUPP || code == EPROTONOSUPPORT {
                return
            }
            for connection in connections {
                do throws(NetlinkError) {
                    try change(connection.loosened(number))
                } catch .refused(let code, _) where code == ENOENT {
                    // It ended in between.
                }
            }
        }
    }
}
