import TestKit

/// The pod is on its gateway: `gen0`→`pod0`, the path, `up0`→`sink0`. Answers take it the other way round.
final class LocalWorld: BenchWorld {
    let node: BenchNamespace
    let programs: BenchPrograms
    let family: BenchFamily
    private(set) var ours: PinnedDatapath?

    init(_ path: BenchPath, _ traffic: BenchTraffic, _ family: BenchFamily, pins: String, slice: PortSlice = .dedicated) throws {
        self.family = family
        node = try BenchNamespace.make()
        programs = try BenchPrograms()
        try node.ip(
            "link add gen0 type veth peer name pod0", "link add up0 type veth peer name sink0", "link set pod0 address 02:00:00:00:00:10",
            "link set up0 address 02:00:00:00:00:10", "link set gen0 up", "link set pod0 up", "link set up0 up", "link set sink0 up",
            "addr add \(family.egress)/\(family.linkLength) dev up0", "route replace \(family.pod)/\(family.hostLength) dev pod0",
            "neigh replace \(family.pod) lladdr 02:00:00:00:00:09 dev pod0",
            "route replace \(family.server)/\(family.hostLength) via \(family.router) dev up0",
            "neigh replace \(family.router) lladdr 02:00:00:00:00:20 dev up0")
        try node.inside {
            try programs.attachPass(Int(index("pod0")))
            try programs.attach("bench_sink", index("sink0"))
            try prepare(path, pins, slice)
            try send(isNew: traffic == .new)
            if traffic == .answers { try turn(path) }
        }
    }

    private func index(_ name: String) throws -> Int { try node.index(name) }

    private func prepare(_ path: BenchPath, _ pins: String, _ slice: PortSlice) throws {
        try PeerRules.install(path, family)
        if path == .ours { ours = try OurPath.local(family, pins: pins, pod: index("pod0"), uplink: index("up0"), slice: slice) }
        if path == .redirect { try programs.attach("bench_redirect", index("pod0")) }
    }

    private func send(isNew: Bool) throws {
        let frame = try BenchFrame(family, from: family.pod, to: family.server)
        try programs.send(frame, isNew: isNew, out: index("up0"))
        try programs.sendInto(index("gen0"))
    }

    /// Opens the connection, then sends what the server answers.
    private func turn(_ path: BenchPath) throws {
        guard try programs.measure(64) != nil else { throw TestKitError("\(path.rawValue): the connection couldn't be opened") }
        try programs.attachPass(index("up0"))
        try programs.attach("bench_sink", index("gen0"))
        if path == .redirect { try programs.attach("bench_redirect", index("up0")) }
        // Without a translation the answer is the pod's at once.
        let isTranslated = path != .redirect && path != .forwarding
        let frame = try BenchFrame(family, from: family.server, to: isTranslated ? family.egress : family.pod)
        try programs.send(frame, answers: true, out: index("pod0"))
        try programs.sendInto(index("sink0"))
    }

    func measure(_ packets: UInt64) throws -> Double? {
        try node.inside { try programs.measure(packets) }
    }
}
