import TestKit

/// Octets a second through one TCP stream, by processor time of both ends and of all between.
struct StreamFigures {
    let family: BenchFamily
    let rounds: Int
    let pins: String

    private static let octets = 256 << 20
    /// A bare redirect finds no neighbours, and so has no stream.
    private static let paths = BenchPath.allCases.filter { $0 != .redirect }

    func measure() throws -> [Figure] {
        try [(true, "local-gateway", "local gateway"), (false, "tunnel", "through the tunnel")].map { isLocal, name, title in
            var figure = Figure(
                "stream-\(name)\(family.suffix)", "one TCP stream, \(title), \(family.rawValue)", unit: "MB a second",
                contestants: Self.paths.map(\.rawValue), note: "both ends and all between on one processor; 256 MB a round")
            let streams = try Self.paths.map { path in
                (path.rawValue, try TCPStream(StreamWorld(path, family, isLocal: isLocal, pins: pins), family))
            }
            for (_, stream) in streams { _ = try stream.send(16 << 20) }
            for _ in 0..<(2 * rounds) {
                for (path, stream) in streams { figure.add(path, Double(Self.octets) / (try stream.send(Self.octets)) * 1000) }
            }
            return figure
        }
    }
}
