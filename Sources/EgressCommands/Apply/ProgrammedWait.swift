import EgressModel
import EgressPolicy
import EgressPorts

/// Waits until every node that a policy concerns says that it is in force there.
struct ProgrammedWait: Sendable {
    let cluster: any Cluster
    let environment: CommandEnvironment
    /// Seconds.
    let timeout: Double

    private enum End: Sendable {
        case programmed
        case timedOut
        case interrupted
        /// Who asks may not see what nodes report.
        case unknowable([UnreadKind])
    }

    /// Returns a line a node: what it reported. Throws when time is up, when a policy is deleted meanwhile, and when the
    /// user interrupts (exit code 130); what was applied stays.
    func untilProgrammed(_ applied: [AppliedObject]) async throws -> [String] {
        guard !applied.isEmpty else { return [] }
        let wanted = Dictionary(applied.map { ($0.object.name, $0) }) { _, last in last }
        let last = LatestProgress()
        switch try await end(wanted, last) {
        case .programmed: return await last.value.flatMap(Self.lines)
        case .timedOut: throw timedOut(await last.value)
        case .interrupted:
            throw CommandError(
                lines: ["interrupted: the policies are applied; nodes go on taking them"], hints: ["\(CommandName.program) status"],
                exitCode: 130)
        case .unknowable(let kinds):
            if kinds.contains(where: { $0.kind == .egressNode && $0.code == .kindNotServed }) {
                throw CommandError(
                    "the policies are applied, but nothing here puts them in force: the cluster serves no egressnodes [\(ReasonCode.kindNotServed)]",
                    hints: ["\(CommandName.program) install, or apply with --wait=false"])
            }
            environment.note("note: the policies are applied; whether nodes have them in force is unknown")
            return []
        }
    }

    private func end(_ wanted: [String: AppliedObject], _ last: LatestProgress) async throws -> End {
        try await withThrowingTaskGroup(of: End.self) { group in
            group.addTask {
                try await environment.clock.sleep(seconds: timeout)
                return .timedOut
            }
            group.addTask {
                await environment.untilInterrupted()
                // Also when this task is cancelled; then nobody reads what it says.
                return .interrupted
            }
            group.addTask { try await follow(wanted, last) }
            defer { group.cancelAll() }
            return try await group.next() ?? .timedOut
        }
    }

    private func follow(_ wanted: [String: AppliedObject], _ last: LatestProgress) async throws -> End {
        var seen: Set<String> = []
        for await _ in cluster.changes() {
            let snapshot = try await environment.snapshot(of: cluster)
            let hidden = snapshot.unread.filter { [.egressNode, .pod, .node, .policy].contains($0.kind) }
            if !hidden.isEmpty { return .unknowable(hidden) }
            let there = Set(snapshot.policies.map(\.metadata.name))
            if snapshot.isComplete, let gone = seen.subtracting(there).min() { throw Self.deleted(gone) }
            seen.formUnion(there.intersection(wanted.keys))
            let effective = environment.effectivePolicy(of: snapshot)
            let now = environment.clock.secondsSinceEpoch()
            let progress = effective.policies.compactMap { policy in
                wanted[policy.policy.name].map { PolicyProgress(of: policy, in: effective, now: now, generation: $0.generation) }
            }
            if await last.set(progress) { show(progress) }
            if progress.count == wanted.count, progress.allSatisfy(\.isComplete) { return .programmed }
        }
        return .timedOut
    }

    private static func deleted(_ name: String) -> CommandError {
        CommandError("ciliumegressgatewaypolicy.cilium.io/\(name) was deleted while its nodes were waited for")
    }

    private func show(_ progress: [PolicyProgress]) {
        guard environment.terminal.isError else { return }
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
