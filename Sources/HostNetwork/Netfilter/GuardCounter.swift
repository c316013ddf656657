// SPDX-License-Identifier: Apache-2.0
import CEgressShims
import EgressPlan
import Glibc

/// Why the guard drops a packet, in the order in which it asks; each is a counter of our table, which stays when the rules
/// are replaced.
enum GuardCounter: String, CaseIterable {
    /// No connection that conntrack knows, so nobody can say who opened it.
    case unknown = "guard_unknown"
    /// Sent to a service of the cluster whose endpoint is outside.
    case service = "guard_service"
    /// By a pod's own device, and past its program.
    case unsteered = "guard_unsteered"

    var match: String {
        switch self {
        case .unknown: "ct state invalid,untracked"
        case .service: "ct direction original ct status dnat"
        case .unsteered: "ct direction original"
        }
    }

    var comment: String {
        switch self {
        case .unknown: "claimed, and no connection is known"
        case .service: "claimed, behind a service of the cluster"
        case .unsteered: "claimed, and not by the egress path"
        }
    }

    static var declarations: String { allCases.map { "\tcounter \($0.rawValue) {\n\t}\n" }.joined(separator: "\n") }
}

// MARK: Reading

extension GuardCounter {
    static let type = Int(NFNL_SUBSYS_NFTABLES) << 8 | Int(NFT_MSG_NEWOBJ.rawValue)

    /// NFT_MSG_NEWOBJ, as far as it matters here; numbers in it are in network order. `nil` for other objects.
    static func read(_ message: NetlinkMessage) throws(NetlinkError) -> (counter: GuardCounter, count: PacketCount)? {
        guard message.type == type else { return nil }
        let attributes = try Attribute.parse(message.payload.dropFirst(MemoryLayout<nfgenmsg>.size))
        guard let name = attributes.last(Int(NFTA_OBJ_NAME.rawValue))?.value.text, let counter = GuardCounter(rawValue: name),
            let data = try attributes.last(Int(NFTA_OBJ_DATA.rawValue))?.nested()
        else { return nil }
        return (
            counter,
            PacketCount(
                packets: UInt64(bigEndian: try data.last(Int(NFTA_COUNTER_PACKETS.rawValue))?.number(UInt64.self) ?? 0),
                bytes: UInt64(bigEndian: try data.last(Int(NFTA_COUNTER_BYTES.rawValue))?.number(UInt64.self) ?? 0))
        )
    }
}

extension NetlinkSocket {
    /// `nft list counters table inet kubectl_egress`, of a socket of NETLINK_NETFILTER; zeros where there is no such table.
    func guardDrops() throws(NetlinkError) -> GuardDrops {
        var request = NetlinkRequest(
            Int(NFNL_SUBSYS_NFTABLES) << 8 | Int(NFT_MSG_GETOBJ.rawValue), flags: Int(NLM_F_DUMP),
            nfgenmsg(nfgen_family: Self.inet, version: UInt8(NFNETLINK_V0), res_id: 0))
        request.add(Int(NFTA_OBJ_TABLE.rawValue), text: netfilterTableName)
        var drops = GuardDrops()
        for (counter, count) in try dump(request, { message throws(NetlinkError) in try GuardCounter.read(message) }) {
            switch counter {
            case .service: drops.service += count
            case .unknown, .unsteered: drops.unsteered += count
            }
        }
        return drops
    }
}
