import EgressModel
import EgressPlan
import EgressPolicy
import Testing

@testable import EgressCommands

/// When a module is asked, and how long its answers count.
@Suite struct StrategyAnswersTests {
    private let good = StrategyOutcome.answer(StrategyAnswer(version: "1", ipv4: []))
    private let crash = StrategyOutcome.failed(Reason(.pluginFailed, "crashed"))

    private func question(
        _ entry: Int = 0, _ strategy: String = "static", _ configuration: String = "{}", extra: String = "203.0.113.100/32"
    ) -> StrategyQuestion {
        StrategyQuestion(
            request: StrategyRequest(
                policy: "p", policyUID: "u", entry: entry, strategy: strategy, configuration: configuration, families: [.ipv4],
                node: "node-2", nodeLabels: [:], nodeAnnotations: [:]), facts: NodeFacts(AgentTurnTests.facts(extra: extra)))
    }

    /// After how many seconds the questions of now are asked again, each second looked at.
    private func wait(_ answers: StrategyAnswers, from start: Int64) -> Int64? {
        var answers = answers
        return (0...120).first { !answers.take(now: start + $0, atMost: 8).isEmpty }
    }

    @Test func `a question is asked once, and again a minute after its answer`() {
        var answers = StrategyAnswers()
        answers.follow([question()], now: 100)
        #expect(answers.take(now: 100, atMost: 8) == [question()])
        answers.follow([question()], now: 100)
        #expect(answers.take(now: 100, atMost: 8).isEmpty, "it is being asked")
        #expect(answers.outcomes.isEmpty)
        #expect(answers.set(question(), good, now: 101) == true)
        #expect(answers.outcomes == [question().request.key: good])
        #expect(wait(answers, from: 101) == 60)
        _ = answers.take(now: 161, atMost: 8)
        #expect(answers.set(question(), good, now: 161) == false, "the same again is no news")
    }

    @Test(arguments: [(0, 1), (10, 10), (59, 59), (3600, 60), (Int64.max, 60), (-5, 1)] as [(Int64, Int64)])
    func `an answer holds for as long as it says, a minute at most`(valid: Int64, expected: Int64) {
        var answers = StrategyAnswers()
        answers.follow([question()], now: 100)
        _ = answers.take(now: 100, atMost: 8)
        _ = answers.set(question(), good, validSeconds: valid, now: 100)
        #expect(wait(answers, from: 100) == expected)
    }

    @Test func `a module that fails is asked again after 5 seconds, then later each time, a minute at most`() {
        var answers = StrategyAnswers()
        answers.follow([question()], now: 0)
        var waits: [Int64] = []
        var now: Int64 = 0
        for _ in 0..<6 {
            _ = answers.take(now: now, atMost: 8)
            _ = answers.set(question(), crash, now: now)
            let next = wait(answers, from: now) ?? -1
            waits.append(next)
            now += next
        }
        #expect(waits == [5, 10, 20, 40, 60, 60])
        _ = answers.take(now: now, atMost: 8)
        _ = answers.set(question(), good, now: now)
        _ = answers.take(now: now + 60, atMost: 8)
        _ = answers.set(question(), crash, now: now + 60)
        #expect(wait(answers, from: now + 60) == 5, "an answer starts it anew")
    }

    @Test func `a changed node is asked about at once, and the answer counts until there is another`() {
        var answers = StrategyAnswers()
        answers.follow([question()], now: 100)
        _ = answers.take(now: 100, atMost: 8)
        _ = answers.set(question(), good, now: 100)
        let moved = question(extra: "203.0.113.9/32")
        answers.follow([moved], now: 101)
        #expect(answers.outcomes == [moved.request.key: good])
        #expect(answers.take(now: 101, atMost: 8) == [moved])
        #expect(answers.set(moved, good, now: 101) == false)
    }

    @Test func `a node that changes while the module thinks is asked about again`() {
        var answers = StrategyAnswers()
        answers.follow([question()], now: 100)
        _ = answers.take(now: 100, atMost: 8)
        answers.follow([question(extra: "203.0.113.9/32")], now: 100)
        #expect(answers.set(question(), good, now: 101) == true, "better than none")
        #expect(answers.take(now: 101, atMost: 8) == [question(extra: "203.0.113.9/32")])
    }

    @Test func `an answer to another configuration or of another module doesn't count`() {
        var answers = StrategyAnswers()
        answers.follow([question()], now: 100)
        _ = answers.take(now: 100, atMost: 8)
        _ = answers.set(question(), good, now: 100)
        for other in [question(0, "static", #"{"a":1}"#), question(0, "other")] {
            var changed = answers
            changed.follow([other], now: 101)
            #expect(changed.outcomes.isEmpty)
            #expect(changed.take(now: 101, atMost: 8) == [other])
        }
        _ = answers.take(now: 160, atMost: 8)
        answers.follow([question(0, "static", #"{"a":1}"#)], now: 160)
        #expect(answers.set(question(), crash, now: 161) == false, "it came too late")
        #expect(answers.outcomes.isEmpty)
        answers.follow([], now: 162)
        #expect(wait(answers, from: 162) == nil, "nobody asks any more")
    }

    @Test func `one call a strategy at a time, the longest waiting first, and so many in all`() {
        var answers = StrategyAnswers()
        let many = (0..<3).flatMap { entry in ["a", "b", "c"].map { question(entry, $0) } }
        // An entry has one strategy: entries 0 to 8.
        let questions = many.enumerated().map { question($0.offset, $0.element.request.strategy) }
        answers.follow(questions, now: 0)
        #expect(answers.take(now: 0, atMost: 2).map(\.request.entry) == [0, 1])
        #expect(answers.take(now: 0, atMost: 3).map(\.request.entry) == [2])
        #expect(answers.asked == ["a", "b", "c"])
        _ = answers.set(questions[1], good, now: 0)
        #expect(answers.take(now: 0, atMost: 3).map(\.request.entry) == [4])
    }

    @Test func `a new helper is asked everything at once, and a helper that is gone says nothing`() {
        var answers = StrategyAnswers()
        answers.follow([question()], now: 0)
        _ = answers.take(now: 0, atMost: 8)
        #expect(answers.set(question(), nil, now: 0) == false)
        #expect(answers.outcomes.isEmpty)
        #expect(wait(answers, from: 0) == 5)
        answers.follow([question()], isNewHelper: true, now: 1)
        #expect(answers.take(now: 1, atMost: 8) == [question()])
        answers.follow([question()], isNewHelper: true, now: 2)
        #expect(answers.take(now: 2, atMost: 8).isEmpty, "the call to the helper of before isn't over")
        answers.release(question())
        #expect(answers.take(now: 2, atMost: 8) == [question()])
    }

    @Test func `a clock that is set back keeps nothing waiting`() {
        var answers = StrategyAnswers()
        answers.follow([question()], now: 1_000_000)
        _ = answers.take(now: 1_000_000, atMost: 8)
        _ = answers.set(question(), good, now: 1_000_000)
        #expect(answers.take(now: 1_000, atMost: 8) == [question()])
    }
}
