import EgressModel
import EgressPlan
import TestKit

/// What the programs cost where they let a packet go: packets that aren't ours, and looking up in full tables.
struct ProgramFigures {
    let family: BenchFamily
    let rounds: Int
    let pins: String

    private struct Case {
        let name: String
        let title: String
        let program: String
        let device: String
        let from: String
        let to: String
    }

    private var cases: [Case] {
        [
            Case(
                name: "to-cluster", title: "a pod sends to another pod", program: "egress_pod", device: "pod0", from: family.pod,
                to: family.neighbour),
            Case(
                name: "from-cluster", title: "a pod is sent by another pod", program: "egress_pod_in", device: "pod0",
                from: family.neighbour, to: family.pod),
            Case(
                name: "uplink", title: "the node is sent to its own address", program: "egress_uplink", device: "up0", from: family.server,
                to: family.neighbour),
        ]
    }

    /// At most 40 ns more than an empty program: the design's figure.
    func notOurs() throws -> [Figure] {
        let world = try LocalWorld(.ours, .established, family, pins: pins)
        guard let ours = world.ours else { return [] }
        return try cases.map { one in
            var figure = Figure(
                "not-ours-\(one.name)\(family.suffix)", "not ours: \(one.title), \(family.rawValue)", unit: "ns a run",
                contestants: [Figure.own, "empty"], digits: 1, wanted: [.atMostMore(40, peer: "empty")],
                note: "BPF_PROG_TEST_RUN, processor time; empty: a program that returns")
            let frame = try BenchFrame(family, from: one.from, to: one.to).octets()
            let index = try world.node.index(one.device)
            let own = try TestRun(one.program, of: ours, interface: index, frame)
            let empty = try TestRun(world.programs.program("bench_empty"), interface: index, frame, "bench_empty")
            for _ in 0..<(4 * rounds) {
                try world.node.inside {
                    figure.add(Figure.own, try own.cost())
                    figure.add("empty", try empty.cost())
                }
            }
            return figure
        }
    }

    /// A pod's packet that its policies exclude passes every lookup but those of translations.
    func lookup() throws -> [Figure] {
        try [
            flat("lookup-policies", "lookup with 1,000 policies beside one", "one policy") {
                try OurPath.add(policies: $1 ? 1000 : 1, $0, to: family)
            },
            flat("lookup-pods", "lookup with 10,000 pods' sets beside ten", "ten pods") {
                try OurPath.add(pods: $1 ? 10_000 : 10, $0, to: family)
            },
        ]
    }

    private func flat(_ name: String, _ title: String, _ peer: String, fill: (LocalWorld, _ isFull: Bool) throws -> Void) throws -> Figure {
        var figure = Figure(
            name + family.suffix, "\(title), \(family.rawValue)", unit: "ns a run", contestants: [Figure.own, peer], digits: 1,
            wanted: [.atMostTimes(1.2, peer: peer)], note: "BPF_PROG_TEST_RUN, processor time, less that of an empty program")
        let frame = try BenchFrame(family, from: family.pod, to: family.excluded).octets()
        var runs: [(String, LocalWorld, TestRun, TestRun)] = []
        for (contestant, isFull) in [(Figure.own, true), (peer, false)] {
            let world = try LocalWorld(.ours, .established, family, pins: pins)
            try fill(world, isFull)
            guard let ours = world.ours else { continue }
            let index = try world.node.index("pod0")
            let own = try TestRun("egress_pod", of: ours, interface: index, frame)
            runs.append(
                (contestant, world, own, try TestRun(world.programs.program("bench_empty"), interface: index, frame, "bench_empty")))
        }
        for _ in 0..<(4 * rounds) {
            for (contestant, world, own, empty) in runs {
                figure.add(contestant, try world.node.inside { try own.cost() - empty.cost() })
            }
        }
        return figure
    }
}
