import EgressModel
import EgressPolicy
import EgressPorts

/// Waits until every node that a policy concerns says that it is in force there.
struct ProgrammedWait: Sendable {
    let cluster: any Cluster
    let environment: CommandEnvironment
    /// Seconds.
    let timeout: Double

    /// `generations`: by the policy's name. Returns a line a node: what it reported. Throws when time is up.
    func untilProgrammed(_ generations: [String: Int64]) async throws -> [String] {
        guard !generations.isEmpty else { return [] }
        let last = LatestProgress()
        let isDone = try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await environment.clock.sleep(seconds: timeout)
                return false
            }
            group.addTask { try await follow(generations, last) }
            defer { group.cancelAll() }
            return try await group.next() ?? false
        }
        let progress = await last.value
        guard isDone else { throw timedOut(progress) }
        return progress.flatMap(Self.lines)
    }

    private func follow(_ generations: [String: Int64], _ last: LatestProgress) async throws -> Bool {
        for await _ in cluster.changes() {
            let effective = environment.effectivePolicy(of: try await cluster.snapshot())
            let now = environment.clock.secondsSinceEpoch()
            let progress = effective.policies.compactMap { policy in
                generations[policy.policy.name].map { PolicyProgress(of: policy, in: effective, now: now, generation: $0) }
            }
            if await last.set(progress) { show(progress) }
            if progress.count == generations.count, progress.allSatisfy(\.isComplete) { return true }
        }
        return false
    }

    private func show(_ progress: [PolicyProgress]) {
        guard environment.isErrorTerminal else { return }
        for policy in progress where !policy.isComplete {
            environment.note("waiting: \(policy.policy) is in force on \(policy.ready) of \(policy.nodes.count) nodes")
        }
    }

    private static func lines(_ progress: PolicyProgress) -> [String] {
        if progress.nodes.isEmpty { return ["  \(progress.policy): no node runs a selected pod, and none matches as a gateway"] }
        return progress.nodes.map { node in
            let roles = [node.isGateway ? "gateway" : nil, node.pods > 0 ? counted(node.pods, "pod", "pods") : nil].compactMap(\.self)
            let remark = if case .programmed(let reason?) = node.state { ": \(reason.text) [\(reason.code)]" } else { "" }
            return "  \(node.name): generation \(progress.generation) in force (\(roles.joined(separator: ", ")))\(remark)"
        }
    }

    private func timedOut(_ progress: [PolicyProgress]) -> CommandError {
        var lines = ["error: timed out waiting for the policies to be in force; they are applied all the same"]
        for policy in progress {
            for node in policy.nodes {
                if case .waiting(let reason) = node.state {
                    lines.append("  \(policy.policy) on \(node.name): \(reason.text) [\(reason.code)]")
                }
            }
        }
        return CommandError(lines: lines, hints: ["\(CommandName.program) status"])
    }
}

/// What was seen last, for whoever reports when time is up.
private actor LatestProgress {
    private(set) var value: [PolicyProgress] = []

    /// Whether it is another than before.
    func set(_ new: [PolicyProgress]) -> Bool {
        defer { value = new }
        return value != new
    }
}
