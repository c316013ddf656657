import EgressModel
import EgressPlan
import EgressPolicy
import EgressPorts
import JSONText
import Logging

/// Asks plugin modules beside the turns: one that hangs holds up no plan, and no other module.
///
/// A turn goes on with what is known; an answer that is news takes another. Each strategy has one call at a time.
actor StrategyAsker {
    /// Calls at once.
    static let mostCalls = 8

    private let clock: any WallClock
    private let wake: WakeUps
    private let log: Logger
    private let signals: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation
    private var answers = StrategyAnswers()
    private var connection: HelperLink.Connection?

    init(clock: any WallClock, wake: WakeUps, log: Logger) {
        (self.clock, self.wake, self.log) = (clock, wake, log)
        (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// What is known.
    var outcomes: [EntryKey: StrategyOutcome] { answers.outcomes }

    /// Takes the questions of now in place of those before, and returns at once what is known.
    func outcomes(_ questions: [StrategyQuestion], over connection: HelperLink.Connection) -> [EntryKey: StrategyOutcome] {
        let isNew = self.connection?.number != connection.number
        self.connection = connection
        answers.follow(questions, isNewHelper: isNew, now: clock.secondsSinceEpoch())
        signal.yield()
        return answers.outcomes
    }

    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.tick() }
            for await _ in signals {
                for question in answers.take(now: clock.secondsSinceEpoch(), atMost: Self.mostCalls) {
                    group.addTask { await self.ask(question) }
                }
            }
            group.cancelAll()
        }
    }

    /// Answers end, and failures are tried again, to the second.
    private func tick() async {
        while (try? await clock.sleep(seconds: 1)) != nil { signal.yield() }
    }

    private func ask(_ question: StrategyQuestion) async {
        guard let connection else { return answers.release(question) }
        var outcome: StrategyOutcome?
        var validSeconds: Int64?
        do {
            let answer = try await connection.helper.resolve(strategy: question.request.strategy, requestJSON: question.json.text())
            (outcome, validSeconds) = (StrategyOutcome(answer), answer.validSeconds)
        } catch {
            outcome = StrategyOutcome(HelperError(reading: error))
        }
        if outcome == nil, connection.number != self.connection?.number {
            answers.release(question)
        } else if answers.set(question, outcome, validSeconds: validSeconds, now: clock.secondsSinceEpoch()) {
            tell(question.request, outcome)
            wake.now()
        }
        signal.yield()
    }

    private func tell(_ request: StrategyRequest, _ outcome: StrategyOutcome?) {
        let who = "strategy \(plainText(request.strategy)) of \(plainText(request.policy))[\(request.entry)]"
        switch outcome {
        case .answer(let answer)?:
            let addresses = (answer.ipv4 + answer.ipv6).map(\.description).joined(separator: ", ")
            log.info("\(who): \(addresses.isEmpty ? "no address" : addresses)")
        case .noAddress(let reason)?: log.info("\(who): \(plainText(reason.coded))")
        case .failed(let reason)?: log.warning("\(who): \(plainText(reason.coded))")
        case nil: break
        }
    }
}
