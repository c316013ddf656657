import EgressModel
import EgressPlan
import EgressPolicy
import EgressPorts
import Logging

/// Takes the turns: reads, decides by ``AgentTurn``, tells the helper, reports.
struct AgentWorker: Sendable {
    let loop: AgentLoop
    let link: HelperLink
    let wake: WakeUps
    let voice: NodeVoice
    let tokens: TunnelTokens
    let asker: StrategyAsker
    let claims: AddressClaims

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
        let turn = try await self.turn(&memory, connection)
        if memory.isStranger(to: turn.snapshot) {
            logOnce(unreadWhole, &memory)
            return false
        }
        guard case .success(let connection) = connection, let facts = turn.facts else {
            return try await withoutHelper(turn, connection, &memory)
        }
        let isMissing = memory.isReportMissing(in: turn.snapshot, node: loop.settings.node)
        let outcomes = await claims.settle(EntryAnswers(await outcomes(turn, facts, connection), turn, remembered: memory.lastAnswers))
        var own = turn.announced(outcomes, remembered: memory.lastAnswers)
        memory.remember(own.resolutions, outcomes)
        if memory.applied?.connection != connection.number { own.policies = policiesNotInForce(own.policies, Self.unconfirmed) }
        // While the plan is made and taken on already: other nodes wait for the ids.
        if memory.own?.resolutions != own.resolutions || isMissing { await voice.say(statement(own, turn, memory, isMissing: isMissing)) }
        memory.own = own
        logRanges(turn, &memory)
        let effective = turn.effective(own)
        guard var plan = turn.plan(effective) else {
            logOnce(unreadWhole, &memory)
            await voice.say(statement(own, turn, memory, isMissing: isMissing))
            return false
        }
        memory.claims.note(&plan, present: turn.addressedPods(effective))
        let outcome = await apply(plan, connection, &memory)
        if case .inForce = outcome { await claims.inForce(plan) }
        own.policies = policiesInForce(plan, outcome, effective)
        memory.own = own
        await voice.say(statement(own, turn, memory, isMissing: isMissing, outcome, effective))
        if case .inForce(notGoverned: [], ended: _) = outcome { return true }
        return false
    }

    private var unreadWhole: String { "\(loop.cluster.source) wasn't read whole (\(ReasonCode.snapshotIncomplete)): nothing is changed" }

    private func statement(
        _ own: EgressNode, _ turn: AgentTurn, _ memory: AgentMemory, isMissing: Bool, _ outcome: PlanOutcome? = nil,
        _ effective: EffectivePolicy? = nil
    ) -> Statement {
        var statement = Statement(node: own, time: turn.now, isMissing: isMissing, before: memory.before)
        switch outcome {
        case .inForce?: statement.isGoverned = true
        case .failed(let reason)?: statement.failure = reason
        case nil: break
        }
        statement.policies = effective.flatMap { $0.isComplete ? PolicyNews($0, turn.snapshot) : nil }
        return statement
    }

    /// The same trouble in turn after turn is one line.
    private func logOnce(_ text: String, _ memory: inout AgentMemory) {
        if memory.lastFailure != text { loop.log.warning("\(plainText(text))") }
        memory.lastFailure = text
    }

    /// Which source the cluster's ranges are from.
    private func logRanges(_ turn: AgentTurn, _ memory: inout AgentMemory) {
        guard turn.snapshot.canBePlanned else { return }
        let text = loop.settings.ranges(turn.snapshot.ranges).inWords
        if memory.lastRanges != text { loop.log.info("the cluster's ranges: \(plainText(text))") }
        memory.lastRanges = text
    }

    private static let unconfirmed = Reason(.notYetProgrammed, "the agent or the helper started, and the plan isn't confirmed yet")

    private func connection() async -> Result<HelperLink.Connection, HelperError> {
        switch await link.state {
        case .down(let error): .failure(error)
        case .up(let connection): .success(connection)
        }
    }

    private func turn(_ memory: inout AgentMemory, _ connection: Result<HelperLink.Connection, HelperError>) async throws -> AgentTurn {
        if await voice.hasReported { memory.wasThere = true }
        let snapshot = try await loop.cluster.snapshot()
        let known = try? connection.get()
        if memory.own == nil { memory.before = snapshot.egressNodes.first { $0.name == loop.settings.node } }
        var previous = memory.own ?? memory.before
        if memory.lastEntryID > previous?.lastEntryID ?? 0 {
            previous = previous ?? EgressNode(metadata: ObjectMetadata(name: loop.settings.node, uid: ""))
            previous?.lastEntryID = memory.lastEntryID
        }
        return AgentTurn(
            settings: loop.settings, snapshot: snapshot, facts: known?.facts.map { NodeFacts($0) }, helper: known?.status.helper,
            previous: previous, accepted: memory.accepted,
            tokens: try await tokens.current(), now: loop.clock.secondsSinceEpoch())
    }

    /// The kernel goes on as it was; nobody can say how, so nothing is reported as programmed.
    private func withoutHelper(
        _ turn: AgentTurn, _ connection: Result<HelperLink.Connection, HelperError>, _ memory: inout AgentMemory
    ) async throws -> Bool {
        guard case .failure(let error) = connection else { return true }
        let isMissing = memory.isReportMissing(in: turn.snapshot, node: loop.settings.node)
        var own = turn.described
        let outcome = PlanOutcome.failed(Reason(.helperUnreachable, error.description))
        let effective = turn.effective(own)
        if let plan = turn.plan(effective) {
            own.policies = policiesInForce(plan, outcome, effective)
        } else {
            own.policies = policiesNotInForce(own.policies, Reason(.helperUnreachable, error.description))
        }
        memory.own = own
        await voice.say(statement(own, turn, memory, isMissing: isMissing, outcome, effective))
        return true
    }

    /// What modules say of this node's entries, as far as it is known: a turn waits for none of them.
    ///
    /// Between here and ``AgentTurn/announced(_:remembered:)`` is the place of whatever must be so before an answer is
    /// announced.
    private func outcomes(
        _ turn: AgentTurn, _ facts: NodeFacts, _ connection: HelperLink.Connection
    ) async -> [EntryKey: StrategyOutcome] {
        // A cluster that wasn't read whole doesn't tell which questions there are no longer.
        guard turn.snapshot.canBePlanned else { return await asker.outcomes }
        return await asker.outcomes(turn.requests.map { StrategyQuestion(request: $0, facts: facts) }, over: connection)
    }

    private func apply(_ plan: NodePlan, _ connection: HelperLink.Connection, _ memory: inout AgentMemory) async -> PlanOutcome {
        do {
            if memory.applied.map({ $0.plan != plan || $0.connection != connection.number }) ?? true {
                memory.revision += 1
                let result = try await connection.helper.apply(plan, revision: memory.revision)
                memory.inForce(plan, connection: connection.number)
                memory.lastFailure = ""
                loop.log.info("revision \(result.revision) in force, \(result.changed) writes to the kernel")
            }
            guard !plan.pods.isEmpty else { return .inForce(notGoverned: []) }
            let status = try await connection.helper.status()
            return .inForce(notGoverned: status.notGoverned, ended: status.endedConnections)
        } catch {
            let failure = HelperError(reading: error)
            logOnce("the plan isn't taken on: \(failure.description)", &memory)
            if failure.code == "stale_revision", let revision = try? await connection.helper.status().revision {
                memory.revision = max(memory.revision, revision)
            }
            return PlanOutcome(failure)
        }
    }
}
