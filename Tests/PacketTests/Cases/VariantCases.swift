import CEgressABI
import CEgressShims
import CLibBPF
import EgressModel
import Glibc
import TestKit
import Testing

@testable import BPFDatapath

/// The verifier takes every variant of the programs from a helper with CAP_BPF and CAP_NET_ADMIN and nothing else. Code
/// behind a switch that is off is dead to the verifier, so that each way of setting the switches is a program of its own.
@Suite("Variants of the programs", .requires(.packet))
struct VariantCases {
    private static let path = {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(4).joined(separator: "/")
        return root + "/.build/bpf/egress.bpf.o"
    }()

    /// Sections with switches of 32 bits: `.rodata.NAME`.
    private static func switches(_ object: OpaquePointer) -> [OpaquePointer] {
        var found: [OpaquePointer] = []
        var map = bpf_object__next_map(object, nil)
        while let current = map {
            let name = String(cString: bpf_map__name(current))
            if name.hasPrefix(".rodata.") { found.append(current) }
            // What takes its memory at once isn't asked here.
            if ["egress_flows", "egress_nat"].contains(where: { name.hasPrefix($0) }) { bpf_map__set_max_entries(current, 16) }
            map = bpf_object__next_map(object, current)
        }
        return found
    }

    /// Loads with the switches set by the bits of `number`; `nil` when there is no such way, else an error or 0.
    private static func load(_ number: Int) throws -> Int32? {
        guard let object = bpf_object__open_file(path, nil) else { throw TestKitError("\(path): \(String(cString: strerror(errno)))") }
        defer { bpf_object__close(object) }
        let switches = switches(object)
        guard number < 1 << switches.count else { return nil }
        for (at, map) in switches.enumerated() {
            var words = [UInt32](repeating: UInt32(number >> at & 1), count: Int(bpf_map__value_size(map)) / 4)
            bpf_map__set_initial_value(map, &words, words.count * 4)
        }
        let (netAdmin, bpf) = (UInt64(1) << 12, UInt64(1) << 39)
        guard egress_use_capabilities(netAdmin | bpf) == 0 else { throw TestKitError("the other capabilities can't be laid down") }
        defer { egress_use_capabilities(.max) }
        return bpf_object__load(object)
    }

    @Test func `every variant loads with CAP_BPF and CAP_NET_ADMIN alone`() async throws {
        let loaded = try await Sandbox.run { _ in
            var results: [Int32] = []
            while let result = try Self.load(results.count) { results.append(result) }
            return results
        }
        #expect(loaded.count == 1 << (try Self.names().count))
        #expect(loaded.allSatisfy { $0 == 0 }, "\(loaded)")
    }

    private static func names() throws -> [String] {
        guard let object = bpf_object__open_file(path, nil) else { throw TestKitError("\(path): \(String(cString: strerror(errno)))") }
        defer { bpf_object__close(object) }
        return switches(object).map { String(cString: bpf_map__name($0)) }
    }

    @Test func `what a trace runs is one of the variants`() throws {
        #expect(try Self.names().contains(".rodata.trace"))
    }

    @Test(arguments: Scene.families, [false, true])
    func `checksums are right whether or not the kernel is told the family`(_ family: IPFamily, _ isTold: Bool) async throws {
        try await Scene.with(family) { scene in
            guard try scene.tellFamily(isTold) else { return }
            for kind in [Datagram.Kind.tcp, .udp, .echo] {
                let sent = scene.request.with { ($0.kind, $0.sourcePort) = (kind, 900) }
                try scene.isReversed(try scene.isTranslated(sent).answered(), to: sent)
            }
        }
    }
}

extension Scene {
    /// Whether the checksum's helper is told that a packet is of IPv6; false where the kernel doesn't know how.
    fileprivate func tellFamily(_ isTold: Bool) throws -> Bool {
        try world.datapath.withLoaded { loaded in
            guard var config = try loaded.tables.config.value(0) else { throw TestKitError("no configuration") }
            if isTold, config.csum_ipv6 == 0 { return false }
            if !isTold { config.csum_ipv6 = 0 }
            try loaded.tables.config.set(0, config)
            return true
        }
    }
}
