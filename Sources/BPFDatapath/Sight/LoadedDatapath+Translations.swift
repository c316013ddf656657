import CEgressABI
import CLibBPF
import EgressModel
import EgressPlan
import Glibc

extension LoadedDatapath {
    func translations(_ query: TranslationQuery, names: FlowNames) throws -> TranslationList {
        let numbers = try tables.nodeNumbers.addresses()
        let reader = TranslationReader(query: query, names: names, nodes: numbers, now: try coarseSeconds())
        var list = TranslationList([], total: 0)
        try reader.add(from: tables.ipv4, to: &list)
        try reader.add(from: tables.ipv6, to: &list)
        reader.cut(&list)
        return list
    }

    /// Of the coarse monotonic clock, as connections keep it.
    func coarseSeconds() throws -> UInt32 {
        var now = timespec()
        guard clock_gettime(CLOCK_MONOTONIC_COARSE, &now) == 0 else { throw DatapathError("the clock can't be read", errno: errno) }
        return UInt32(truncatingIfNeeded: now.tv_sec)
    }
}

/// Makes translations of both halves; a packet may come between the two, so that what is gone is left out.
private struct TranslationReader {
    let query: TranslationQuery
    let names: FlowNames
    let nodes: [UInt32: IPAddress]
    let now: UInt32

    func add<Family>(from tables: FamilyTables<Family>, to list: inout TranslationList) throws {
        _ = try tables.flows.walk(from: nil, atMost: .max) { keys, values in
            for (key, flow) in zip(keys, values) where flow.isTranslation {
                let forward = FamilyTables<Family>.forwardKey(of: key, entry: flow.entry)
                try add(forward, flow.half, interface: flow.ifindex, tables, to: &list)
            }
        }
        _ = try tables.forward.walk(from: nil, atMost: .max) { keys, values in
            for (key, half) in zip(keys, values) { try add(key, half, interface: 0, tables, to: &list) }
        }
    }

    private func add<Family>(
        _ key: Family.ForwardKey, _ half: Family.Half, interface: UInt32, _ tables: FamilyTables<Family>, to list: inout TranslationList
    ) throws {
        var one = Translation(
            transport: IPProtocol(key.protocol), source: Endpoint(Family.address(key.source), UInt16(bigEndian: key.source_port)),
            remote: Endpoint(Family.address(key.remote), UInt16(bigEndian: key.remote_port)),
            egress: Endpoint(Family.address(half.egress), UInt16(bigEndian: half.egress_port)), state: .opening, idleSeconds: 0,
            ageSeconds: Int64(Expiry.age(now: now, last: half.created)), pod: names.pods[Int(interface)],
            policy: names.policy(slot: UInt32(half.policy), entry: key.entry), podNode: node(half.node, isHere: interface != 0))
        guard query.filter.fits(one), let other = try tables.reverse.value(FamilyTables<Family>.reverseKey(of: key, half)) else { return }
        one.idleSeconds = Int64(Expiry.age(now: now, last: max(half.last, other.last)))
        one.state = Self.state(opened: half.seen, answered: other.seen)
        list.translations.append(one)
        list.total += 1
        if list.translations.count >= 2 * query.limit { cut(&list) }
    }

    func cut(_ list: inout TranslationList) {
        list.translations = Array(list.translations.sorted(by: Translation.inOrder).prefix(query.limit))
    }

    private func node(_ number: UInt32, isHere: Bool) -> String? {
        guard !isHere else { return names.node }
        let address = nodes[number] ?? IPAddress(wire4: number)
        return names.nodes[address] ?? address.description
    }

    private static func state(opened: UInt8, answered: UInt8) -> Translation.State {
        let (fin, reset) = (UInt8(EGRESS_SEEN_FIN.rawValue), UInt8(EGRESS_SEEN_RST.rawValue))
        if (opened | answered) & reset != 0 || opened & answered & fin != 0 { return .closed }
        if (opened | answered) & fin != 0 { return .closing }
        return answered & UInt8(EGRESS_SEEN_REPLY.rawValue) != 0 ? .established : .opening
    }
}
