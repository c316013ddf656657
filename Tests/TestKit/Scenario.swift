import Glibc

/// A case of `Tests/Scenarios`: a policy, and what must become of packets.
public struct Scenario: Sendable, CustomStringConvertible {
    /// One line of `packets.txt`.
    public struct Packet: Sendable, CustomStringConvertible {
        public var namespace: String
        public var pod: String
        public var address: String
        public var port: UInt16
        public var transport: String
        /// `snat ADDRESS via NODE`, `direct`, `exclude` or `drop CODE`.
        public var expectation: String
        public var description: String
    }

    public var name: String
    public var policy: String
    public var packets: [Packet]

    public var description: String { name }

    /// `Tests/Scenarios`, found from this file.
    public static let folder = String(#filePath.dropLast("TestKit/Scenario.swift".count)) + "Scenarios"
    public static let cluster = folder + "/cluster.yaml"

    /// Every case there is, by name; throws for a line that can't be read, so that none passes by not being asked.
    public static func all() throws -> [Scenario] {
        guard let directory = opendir(folder) else { throw TestKitError("\(folder) can't be read") }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            // `cilium` has cases of another form, for the engine alone.
            if !name.contains("."), name != "cilium" { names.append(name) }
        }
        return try names.sorted().map(Scenario.init(named:))
    }

    private init(named name: String) throws {
        guard let policy = FileText.read("\(Self.folder)/\(name)/policy.yaml"),
            let text = FileText.read("\(Self.folder)/\(name)/packets.txt")
        else { throw TestKitError("\(name) lacks policy.yaml or packets.txt") }
        self.name = name
        self.policy = policy
        packets = try text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
            guard let packet = Packet(line: String(line)) else { throw TestKitError("\(name)/packets.txt: can't read \"\(line)\"") }
            return packet
        }
        guard !packets.isEmpty else { throw TestKitError("\(name)/packets.txt asks nothing") }
    }
}

extension Scenario.Packet {
    fileprivate init?(line: String) {
        let sides = line.split(separator: "=", maxSplits: 1).map { $0.split(separator: " ").map(String.init) }
        guard sides.count == 2, sides[0].count == 5, sides[0][0] == "pod", sides[0][2] == "->", !sides[1].isEmpty else { return nil }
        let pod = sides[0][1].split(separator: "/").map(String.init)
        let to = sides[0][3].split(separator: ":").map(String.init)
        guard pod.count == 2, to.count == 2, let port = UInt16(to[1]) else { return nil }
        self.init(
            namespace: pod[0], pod: pod[1], address: to[0], port: port, transport: sides[0][4],
            expectation: sides[1].joined(separator: " "), description: line)
    }
}
