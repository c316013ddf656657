import EgressModel
import EgressPlan
import EgressPolicy
import EgressPorts
import JSONText
import Logging

/// Takes the turns: reads, decides by ``AgentTurn``, tells the helper, reports.
struct AgentWorker: Sendable {
    let loop: AgentLoop
    let link: HelperLink
    let wake: WakeUps

    func run() async {
        var memory = AgentMemory()
        var backOff = BackOff()
        for await _ in wake.turns {
            if Task.isCancelled { return }
            do {
                let isSettled = try await turn(&memory)
                if isSettled { backOff.reset() } else { wake.after(backOff.next()) }
            } catch is CancellationError {
                return
            } catch {
                loop.log.error("\(plainText(String(describing: error)))")
                wake.after(backOff.next())
            }
        }
    }

    /// Whether nothing is left to try again.
    private func turn(_ memory: inout AgentMemory) async throws -> Bool {
        let connection = await self.connection()
        if case .success(let connection) = connection, connection.number != memory.connection {
            let known = try await connection.helper.plan()
            memory.takeOver(known?.plan, revision: max(known?.revision ?? 0, connection.status.revision), connection: connection.number)
        }
        let turn = try await self.turn(memory, connection)
        guard case .success(let connection) = connection, let facts = turn.facts else {
            return try await withoutHelper(turn, connection, &memory)
        }
        var isSettled = await ask(turn, facts, connection, &memory)
        var own = turn.announced(memory.answers.outcomes)
        if memory.applied?.connection != connection.number { own.policies = policiesNotInForce(own.policies, Self.unconfirmed) }
        // Before the plan: other nodes wait for the ids.
        try await report(own, turn, &memory)
        let effective = turn.effective(own)
        guard let plan = turn.plan(effective) else {
            loop.log.warning("\(plainText(loop.cluster.source)) wasn't read whole (EG4004): nothing is changed")
            return false
        }
        let outcome = await apply(plan, connection, &memory)
        if case .inForce(notGoverned: []) = outcome {} else { isSettled = false }
        own.policies = policiesInForce(plan, outcome, effective)
        try await report(own, turn, &memory)
        return isSettled
    }

    private static let unconfirmed = Reason(.notYetProgrammed, "the agent or the helper started, and the plan isn't confirmed yet")

    private func connection() async -> Result<HelperLink.Connection, HelperError> {
        switch await link.state {
        case .down(let error): .failure(error)
        case .up(let connection): .success(connection)
        }
    }

    private func turn(_ memory: AgentMemory, _ connection: Result<HelperLink.Connection, HelperError>) async throws -> AgentTurn {
        let snapshot = try await loop.cluster.snapshot()
        let known = try? connection.get()
        var previous = memory.reported ?? snapshot.egressNodes.first { $0.name == loop.settings.node }
        if memory.lastEntryID > previous?.lastEntryID ?? 0 {
            previous = previous ?? EgressNode(metadata: ObjectMetadata(name: loop.settings.node, uid: ""))
            previous?.lastEntryID = memory.lastEntryID
        }
        return AgentTurn(
            settings: loop.settings, snapshot: snapshot, facts: known?.facts.map { NodeFacts($0) }, helper: known?.status.helper,
            previous: previous, accepted: memory.accepted,
            tokens: try await loop.cluster.tunnelTokens().compactMap { TunnelToken(octets: $0) }, now: loop.clock.secondsSinceEpoch())
    }

    /// The kernel goes on as it was; nobody can say how, so nothing is reported as programmed.
    private func withoutHelper(
        _ turn: AgentTurn, _ connection: Result<HelperLink.Connection, HelperError>, _ memory: inout AgentMemory
    ) async throws -> Bool {
        guard case .failure(let error) = connection else { return true }
        var own = turn.described
        let reason = Reason(.helperUnreachable, error.description)
        if let plan = turn.plan(turn.effective(own)) {
            own.policies = policiesInForce(plan, .failed(reason), turn.effective(own))
        } else {
            own.policies = policiesNotInForce(own.policies, reason)
        }
        try await report(own, turn, &memory)
        return true
    }

    /// Asks modules what isn't known yet. Whether every one answered.
    private func ask(_ turn: AgentTurn, _ facts: NodeFacts, _ connection: HelperLink.Connection, _ memory: inout AgentMemory) async -> Bool
    {
        let questions = turn.requests.map { StrategyQuestion(request: $0, facts: facts) }
        memory.answers.keep(questions)
        var isComplete = true
        for question in memory.answers.open(questions, now: turn.now) {
            do {
                let answer = try await connection.helper.resolve(strategy: question.request.strategy, requestJSON: question.json.text())
                memory.answers.set(question, StrategyOutcome(answer), validSeconds: answer.validSeconds, now: turn.now)
            } catch {
                let failure = HelperError(reading: error)
                loop.log.warning(
                    "strategy \(plainText(question.request.strategy)) of \(plainText(question.request.policy)): \(plainText(failure.description))"
                )
                isComplete = false
                guard let outcome = StrategyOutcome(failure) else { continue }
                memory.answers.set(question, outcome, validSeconds: nil, now: turn.now)
            }
        }
        return isComplete
    }

    private func apply(_ plan: NodePlan, _ connection: HelperLink.Connection, _ memory: inout AgentMemory) async -> PlanOutcome {
        do {
            if memory.applied.map({ $0.plan != plan || $0.connection != connection.number }) ?? true {
                memory.revision += 1
                let result = try await connection.helper.apply(plan, revision: memory.revision)
                memory.inForce(plan, connection: connection.number)
                loop.log.info("revision \(result.revision) in force, \(result.changed) writes to the kernel")
            }
            return .inForce(notGoverned: plan.pods.isEmpty ? [] : try await connection.helper.status().notGoverned)
        } catch {
            let failure = HelperError(reading: error)
            loop.log.error("plan \(memory.revision): \(plainText(failure.description))")
            if failure.code == "stale_revision", let revision = try? await connection.helper.status().revision {
                memory.revision = max(memory.revision, revision)
            }
            return PlanOutcome(failure)
        }
    }

    private func report(_ node: EgressNode, _ turn: AgentTurn, _ memory: inout AgentMemory) async throws {
        var node = node
        node.reportedAt = rfc3339(secondsSinceEpoch: turn.now)
        // What this very turn wrote counts as there, whatever was read before.
        let isThere = turn.snapshot.egressNodes.contains { $0.name == node.name } || memory.reportedAt == turn.now
        guard memory.needsReport(node, isThere: isThere, now: turn.now) else { return }
        try await loop.cluster.report(node)
        memory.reported = node
        memory.reportedAt = turn.now
    }
}
