import CEgressABI
import EgressModel
import EgressPlan
import EgressPolicy
import TestKit

@testable import BPFDatapath

/// What the maps hold, the same for both families.
extension Scene {
    /// What the kernel takes for a test run is at least an IP header.
    var shortest: Int { family == .ipv4 ? 34 : 54 }

    /// A pod's connection as its node remembers it.
    struct Flow: Equatable {
        enum Kind: UInt8 { case out = 1, `in`, exempt }

        var kind: Kind?
        var entry: UInt32
        var seenOut: UInt8
        var seenIn: UInt8
    }

    /// A translation's reverse half.
    struct Reverse: Hashable {
        var source: IPAddress
        var sourcePort: UInt16
        var egress: IPAddress
        var egressPort: UInt16
        var remote: IPAddress
        var remotePort: UInt16
        var seen: UInt8
    }

    func flows() throws -> [Flow] {
        try world.datapath.withLoaded { [family] loaded in
            try family == .ipv4 ? Self.flows(loaded.tables.ipv4) : Self.flows(loaded.tables.ipv6)
        }
    }

    private static func flows<Family>(_ tables: FamilyTables<Family>) throws -> [Flow] {
        try tables.flows.all().map {
            Flow(kind: .init(rawValue: $0.value.kind), entry: $0.value.entry, seenOut: $0.value.half.seen, seenIn: $0.value.seen_in)
        }
    }

    /// Forward halves that other nodes' pods made.
    func forwardCount() throws -> Int {
        try world.datapath.withLoaded { [family] loaded in
            try family == .ipv4 ? loaded.tables.ipv4.forward.all().count : loaded.tables.ipv6.forward.all().count
        }
    }

    /// As the helper tells them.
    func portTries() throws -> [PortTries] { try world.datapath.traffic(names: FlowNames(node: "node-1")).portTries }

    func reverses() throws -> [Reverse] {
        try world.datapath.withLoaded { [family] loaded in
            try family == .ipv4 ? Self.reverses(loaded.tables.ipv4) : Self.reverses(loaded.tables.ipv6)
        }
    }

    private static func reverses<Family>(_ tables: FamilyTables<Family>) throws -> [Reverse] {
        try tables.reverse.all().map { key, value in
            Reverse(
                source: Family.address(value.source), sourcePort: UInt16(bigEndian: value.source_port), egress: Family.address(key.egress),
                egressPort: UInt16(bigEndian: key.egress_port), remote: Family.address(key.remote),
                remotePort: UInt16(bigEndian: key.remote_port),
                seen: value.seen)
        }
    }

    /// Every octet of every translation, to see whether anything changed.
    func translationOctets() throws -> Set<[UInt8]> {
        try world.datapath.withLoaded { [family] loaded in
            try family == .ipv4 ? Self.octets(loaded.tables.ipv4) : Self.octets(loaded.tables.ipv6)
        }
    }

    private static func octets<Family>(_ tables: FamilyTables<Family>) throws -> Set<[UInt8]> {
        let forward = try tables.forward.all().map { octets($0.key) + octets($0.value) }
        let reverse = try tables.reverse.all().map { octets($0.key) + octets($0.value) }
        let flows = try tables.flows.all().map { octets($0.key) + octets($0.value) }
        return Set(forward + reverse + flows)
    }

    private static func octets<Value>(_ value: Value) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }
}

extension Scene {
    static let families = IPFamily.allCases
}
