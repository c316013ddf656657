import BPFDatapath
import CLibBPF
import EgressPlan
import Glibc
import TestKit

/// What the tables hold: ports to one remote, and memory a connection.
struct TableFigures {
    let family: BenchFamily
    let pins: String

    /// New connections to one remote until the first is refused, or until the pod has no more ports.
    func ports() throws -> [Figure] {
        try [("slice", PortSlice.half), ("shared-slice", .shared)].map { name, slice in
            let world = try LocalWorld(.ours, .new, family, pins: pins, slice: slice)
            // The pod's ports begin at 1024; one of the slice would be kept.
            let count = min(slice.ports.count, Int(slice.ports.lowerBound) - 1024)
            let step = slice.ports.count / 128
            var used = 0
            while used + step <= count, try world.measure(UInt64(step)) != nil, try refusals(world) == 0 { used += step }
            var figure = Figure(
                "ports-\(name)\(family.suffix)",
                "ports of a slice of \(slice.ports.count) to one remote without a refusal, \(family.rawValue)",
                unit: "%", digits: 1, wanted: [.atLeast(95)], note: "of \(slice.ports.count) ports, none kept")
            figure.add(Figure.own, Double(used) / Double(slice.ports.count) * 100)
            return figure
        }
    }

    private func refusals(_ world: LocalWorld) throws -> UInt64 {
        try world.ours?.datapath.counters().reduce(0) { $1.code == nil ? $0 : $0 + $1.packets } ?? 0
    }

    /// By what the kernel says that the maps take, when full.
    func memory() throws -> [Figure] {
        let ours = try PinnedDatapath(under: pins)
        let each = try withExtendedLifetime(ours) {
            try Dictionary(uniqueKeysWithValues: Self.tables(family).map { ($0, try Self.octetsOfEntry("\(ours.maps)/\($0)")) })
        }
        let bound: Double = family == .ipv4 ? 256 : 384
        return Self.uses(family).map { name, title, tables in
            var figure = Figure(
                "memory-\(name)\(family.suffix)", "memory a connection, \(title), \(family.rawValue)", unit: "octets",
                wanted: [.atMost(bound)],
                note: tables.map { "\($0) \(FigureReport.number(each[$0] ?? 0, 0))" }.joined(separator: ", "))
            figure.add(Figure.own, tables.reduce(0) { $0 + (each[$1] ?? 0) })
            return figure
        }
    }

    private static func tables(_ family: BenchFamily) -> [String] {
        ["egress_flows", "egress_nat_fwd", "egress_nat_rev"].map { $0 + (family == .ipv4 ? "4" : "6") }
    }

    private static func uses(_ family: BenchFamily) -> [(String, String, [String])] {
        let names = tables(family)
        return [
            ("local", "pod on its gateway", [names[0], names[2]]), ("pod-node", "on the pod's node", [names[0]]),
            ("gateway", "on a gateway elsewhere", [names[1], names[2]]),
        ]
    }

    private static func octetsOfEntry(_ path: String) throws -> Double {
        let map = bpf_obj_get(path)
        guard map >= 0 else { throw TestKitError("\(path): \(String(cString: strerror(errno)))") }
        defer { close(map) }
        var facts: [Substring: Double] = [:]
        for line in (FileText.read("/proc/self/fdinfo/\(map)") ?? "").split(separator: "\n") {
            let words = line.split(whereSeparator: { $0 == ":" || $0 == "\t" || $0 == " " })
            if let key = words.first, words.count > 1 { facts[key] = Double(words[1]) }
        }
        guard let memory = facts["memlock"], let entries = facts["max_entries"], entries > 0 else {
            throw TestKitError("\(path): the kernel doesn't say what memory it takes")
        }
        // What a map takes beside its entries is less than half an octet of each.
        return (memory / entries).rounded()
    }
}
