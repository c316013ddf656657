import TestKit

/// What a packet costs on its way, in interleaved rounds: established flows and answers, new flows, the tunnel.
struct PacketFigures {
    let family: BenchFamily
    let rounds: Int
    let pins: String

    private static let paths = BenchPath.allCases

    func established() throws -> [Figure] {
        [
            try lasting(
                "established-flow-local-gateway", "established flow, local gateway",
                wanted: [.atMostTimes(1.1, peer: "redirect"), .atMostTimes(0.6, peer: "nftables")]
            ) { try LocalWorld($0, .established, family, pins: pins) }
        ]
    }

    func answers() throws -> [Figure] {
        [
            try lasting("answers-local-gateway", "answers of an established flow, local gateway", wanted: []) {
                try LocalWorld($0, .answers, family, pins: pins)
            }
        ]
    }

    func tunnel() throws -> [Figure] {
        [
            try lasting(
                "established-flow-tunnel", "established flow through the tunnel, both nodes", wanted: [.atMostTimes(0.8, peer: "nftables")]
            ) { try TunnelWorld($0, family, pins: pins) }
        ]
    }

    /// Every path stands at once, and short rounds go from one to the next: what else the machine does hits all alike.
    private func lasting(_ name: String, _ title: String, wanted: [Wanted], _ world: (BenchPath) throws -> any BenchWorld) throws -> Figure
    {
        var figure = figure(name, title, "ns a packet", wanted)
        let worlds = try Self.paths.map { ($0.rawValue, try world($0)) }
        for (path, world) in worlds {
            guard try world.measure(1000) != nil else { throw TestKitError("\(name), \(path): no packet arrives") }
        }
        for _ in 0..<(4 * rounds) {
            for (path, world) in worlds { figure.add(path, try retrying { try world.measure(150_000) }) }
        }
        return figure
    }

    /// Each round has worlds of its own, with empty tables.
    func new() throws -> [Figure] {
        var figure = figure("new-flows-local-gateway", "new flows, local gateway", "flows a second", [.atLeastTimes(1.5, peer: "nftables")])
        for _ in 0..<rounds {
            for path in Self.paths {
                let cost = try retrying {
                    let world = try LocalWorld(path, .new, family, pins: pins)
                    guard try world.measure(1000) != nil else { return nil }
                    return try world.measure(100_000)
                }
                figure.add(path.rawValue, cost.map { 1e9 / $0 })
            }
        }
        return [figure]
    }

    private func figure(_ name: String, _ title: String, _ unit: String, _ wanted: [Wanted]) -> Figure {
        Figure(
            name + family.suffix, "\(title), \(family.rawValue)", unit: unit, contestants: Self.paths.map(\.rawValue), wanted: wanted,
            note: "UDP, 64 octets; processor time of generator, skb, path and sink; interleaved rounds")
    }

    /// A round that lost packets measures something else.
    private func retrying(_ body: () throws -> Double?) rethrows -> Double? {
        for _ in 1...5 {
            if let value = try body() { return value }
        }
        return nil
    }
}
