import EgressModel
import EgressPlan
import EgressPolicy
import EngineSamples
import Glibc

/// Measures the policy engine on generated clusters at 1 %, 10 % and 100 % of 5,000 nodes, 150,000 pods and 1,000 policies,
/// and appends a JSON line for each figure. It needs nothing of the machine.
///
/// `EngineBench [ROUNDS] [FILE] [PERCENT…]`; bind it to one processor (`taskset -c 1`).
@main
struct EngineBench {
    static let seed = 5

    static func main() {
        let arguments = CommandLine.arguments.dropFirst()
        let rounds = max(5, arguments.first.flatMap { Int($0) } ?? 5)
        let file = arguments.dropFirst().first ?? ".build/bench.jsonl"
        let asked = arguments.dropFirst(2).compactMap { Int($0) }
        var figures = Figures(rounds: rounds, file: file)
        // From small to large: the peak of memory only ever rises.
        for percent in asked.isEmpty ? [1, 10, 100] : asked.sorted() { measure(percent, &figures) }
        figures.append()
    }

    private static func measure(_ percent: Int, _ figures: inout Figures) {
        let snapshot = LargeCluster(seed: seed, scale: Double(percent) / 100).snapshot
        print("\(percent) %: \(snapshot.nodes.count) nodes, \(snapshot.pods.count) pods, \(snapshot.policies.count) policies")
        resolveWhole(snapshot, percent, &figures)
        Changes(snapshot, percent).measure(&figures)
    }

    private static func resolveWhole(_ snapshot: ClusterSnapshot, _ percent: Int, _ figures: inout Figures) {
        let alone = Memory.current
        Memory.forgetPeak()
        figures.measure("resolve", percent, .milliseconds) { _ = resolve(snapshot, now: LargeCluster.now) }
        figures.note("resolve-memory", percent, Memory.peak, "MB", "peak with snapshot and result; the snapshot alone \(Int(alone)) MB")
        let effective = resolve(snapshot, now: LargeCluster.now)
        print("  \(effective.pods.reduce(0) { $0 + $1.rules.count }) rules, \(effective.findings.count) findings")
        let node = snapshot.nodes[snapshot.nodes.count / 2].name
        figures.measure("node-plan", percent, .milliseconds) { _ = plan(node: node, from: effective, tokens: []) }
    }
}
