import CEgressABI
import EgressModel
import EgressPlan
import EgressPolicy
import TestKit

@testable import BPFDatapath

/// What a case changes before it sends packets, for the scene's family.
extension Scene {
    /// The local entry, or another, with these addresses of the family.
    func setEntry(
        _ id: UInt32 = Role.localEntry, addresses: [IPAddress]? = nil, kept: ClosedRange<UInt16> = 1024...65535,
        slice: ClosedRange<UInt16> = 32768...65535, interface: Int? = nil, set: UInt32 = Role.set, draining: [IPAddress] = []
    ) throws {
        let addresses = addresses ?? [cast.egress]
        try world.execute(
            .setEntry(
                id: id,
                EntryRecord(
                    egressIPv4: addresses.filter { $0.family == .ipv4 }, egressIPv6: addresses.filter { $0.family == .ipv6 },
                    draining: draining, set: set, interfaceIndex: interface, policy: Role.policy, keptPorts: kept, portSlice: slice,
                    isShared: addresses.contains(cast.sharedEgress))))
    }

    func setEgress(_ addresses: [IPAddress], kept: ClosedRange<UInt16> = 1024...65535, interface: Int? = nil) throws {
        try setEntry(addresses: addresses, kept: kept, interface: interface)
    }

    /// The pod's gateways for this family, best first.
    func choose(
        _ ranked: [(UInt32, IPAddress)], policy: UInt32 = Role.policy, onNoGateway: OnNoGateway = .drop, egress: IPAddress? = nil
    ) throws {
        let choice = GatewayChoice(
            onNoGateway: onNoGateway, ranked: ranked.map { .init(entry: $0.0, gateway: $0.1, egress: egress) })
        try world.execute(.setChoice(ChoiceKey(interfaceIndex: world.podIndex, policy: policy, family: family), choice))
    }

    /// As on another gateway that has the same secret and none of the translations.
    func loseTranslations() throws {
        try world.datapath.withLoaded { [family] loaded in
            try family == .ipv4 ? Self.lose(loaded.tables.ipv4) : Self.lose(loaded.tables.ipv6)
        }
    }

    private static func lose<Family>(_ tables: FamilyTables<Family>) throws {
        for key in try tables.forward.keys() { try tables.forward.remove(key) }
        for key in try tables.reverse.keys() { try tables.reverse.remove(key) }
    }

    /// Fills the reverse halves to the last place with those of nobody.
    func fillReverses() throws {
        try world.datapath.withLoaded { [family] loaded in
            try family == .ipv4 ? Self.fillReverses(loaded.tables.ipv4) : Self.fillReverses(loaded.tables.ipv6)
        }
    }

    private static func fillReverses<Family>(_ tables: FamilyTables<Family>) throws {
        try fill(tables.reverse, Family.ReverseKey(), Family.Reverse())
    }

    func removeOneFilling() throws {
        try world.datapath.withLoaded { [family] loaded in
            try family == .ipv4 ? Self.removeOne(loaded.tables.ipv4) : Self.removeOne(loaded.tables.ipv6)
        }
    }

    private static func removeOne<Family>(_ tables: FamilyTables<Family>) throws {
        _ = try tables.reverse.remove(nobody(0, Family.ReverseKey()))
    }

    /// The same with the pods' connections.
    func fillFlows() throws {
        try world.datapath.withLoaded { [family] loaded in
            try family == .ipv4 ? Self.fillFlows(loaded.tables.ipv4) : Self.fillFlows(loaded.tables.ipv6)
        }
    }

    private static func fillFlows<Family>(_ tables: FamilyTables<Family>) throws {
        try fill(tables.flows, Family.FlowKey(), Family.Flow())
    }

    private static func fill<Key, Value>(_ table: BPFTable<Key, Value>, _ empty: Key, _ value: Value) throws {
        for number in 0..<(table.capacity - (try table.countByWalking())) { try table.set(nobody(number, empty), value) }
    }

    /// A key that no packet has: its first address is the number.
    private static func nobody<Key>(_ number: Int, _ empty: Key) -> Key {
        var key = empty
        withUnsafeMutableBytes(of: &key) { $0.storeBytes(of: UInt32(truncatingIfNeeded: number), as: UInt32.self) }
        return key
    }
}

/// Maps written by hand, behind the helper's back.
extension Scene {
    var podRecord: PodRecord {
        PodRecord(ipv4: Role.pod, ipv6: IPAddress("fd00:1::5"), set: Role.set, deliverIndex: world.podIndex)
    }

    func takePodRecord() throws -> egress_pod {
        let index = UInt32(world.podIndex)
        return try world.datapath.withLoaded { loaded in
            guard let record = try loaded.tables.pods.value(index) else { throw TestKitError("no record of the pod") }
            _ = try loaded.tables.pods.remove(index)
            return record
        }
    }

    func putPodRecord(_ record: egress_pod) throws {
        let index = UInt32(world.podIndex)
        try world.datapath.withLoaded { try $0.tables.pods.set(index, record) }
    }

    func raiseGeneration() throws {
        try world.datapath.withLoaded { loaded in
            guard var config = try loaded.tables.config.value(0) else { throw TestKitError("no configuration") }
            config.generation &+= 1
            try loaded.tables.config.set(0, config)
        }
    }
}
