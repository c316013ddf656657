import EgressPolicy

/// What modules answered to the questions of now, and when each is to be asked again. Pure.
///
/// Whether an answer that is older than its question still counts is the engine's to say: here an answer stays until there
/// is another, unless the policy asks another module, or the same one otherwise.
struct StrategyAnswers: Sendable {
    private struct Held: Sendable {
        /// The newest.
        var question: StrategyQuestion
        var answered: (question: StrategyQuestion, outcome: StrategyOutcome)?
        /// Seconds since 1970.
        var due: Int64
        /// In a row.
        var failures = 0

        /// Of the policy as it is now.
        var outcome: StrategyOutcome? {
            answered.flatMap { $0.question.asksTheSame(as: question) ? $0.outcome : nil }
        }
    }

    /// Every answer is asked for again after so many seconds: a module may be replaced, or learn something by itself.
    static let longestSeconds: Int64 = 60
    /// How soon a module that failed is asked again the first time, in seconds; then twice that, up to the longest.
    static let retrySeconds: Int64 = 5

    private var held: [EntryKey: Held] = [:]
    /// Strategies that are being asked.
    private(set) var asked: Set<String> = []

    var outcomes: [EntryKey: StrategyOutcome] { held.compactMapValues(\.outcome) }

    /// Takes the questions of now in place of those before; `isNewHelper`: all are asked again at once.
    mutating func follow(_ questions: [StrategyQuestion], isNewHelper: Bool = false, now: Int64) {
        var followed: [EntryKey: Held] = [:]
        for question in questions {
            var entry = held[question.request.key] ?? Held(question: question, due: now)
            if entry.question != question || isNewHelper { entry.due = min(entry.due, now) }
            if !entry.question.asksTheSame(as: question) || isNewHelper { entry.failures = 0 }
            entry.question = question
            followed[question.request.key] = entry
        }
        held = followed
    }

    /// What is due: for each strategy that isn't being asked the entry that has waited longest. They count as being asked.
    mutating func take(now: Int64, atMost limit: Int) -> [StrategyQuestion] {
        var next: [String: Held] = [:]
        for entry in held.values where isDue(entry, now) && !asked.contains(entry.question.request.strategy) {
            let strategy = entry.question.request.strategy
            guard let other = next[strategy] else {
                next[strategy] = entry
                continue
            }
            if (entry.due, entry.question.request.key) < (other.due, other.question.request.key) { next[strategy] = entry }
        }
        let questions = next.sorted { $0.key < $1.key }.prefix(max(0, limit - asked.count)).map(\.value.question)
        asked.formUnion(questions.map(\.request.strategy))
        return questions
    }

    /// A clock that was set back makes everything due.
    private func isDue(_ entry: Held, _ now: Int64) -> Bool { entry.due <= now || entry.due > now + Self.longestSeconds }

    /// The helper that a question went to is gone, and another is there to be asked.
    mutating func release(_ question: StrategyQuestion) { asked.remove(question.request.strategy) }

    /// What came of a question that was taken; `nil`: there was nobody to ask. Whether that is news.
    mutating func set(_ question: StrategyQuestion, _ outcome: StrategyOutcome?, validSeconds: Int64? = nil, now: Int64) -> Bool {
        asked.remove(question.request.strategy)
        guard var entry = held[question.request.key], entry.question.asksTheSame(as: question) else { return false }
        defer { held[question.request.key] = entry }
        switch outcome {
        case nil:
            entry.due = now + Self.retrySeconds
            return false
        case .failed?:
            entry.due = now + min(Self.longestSeconds, Self.retrySeconds << Int64(min(entry.failures, 10)))
            entry.failures += 1
        case .answer?, .noAddress?:
            entry.due = now + max(1, min(validSeconds ?? Self.longestSeconds, Self.longestSeconds))
            entry.failures = 0
            // The node changed while the module thought.
            if entry.question != question { entry.due = now }
        }
        let before = entry.outcome
        if let outcome { entry.answered = (question, outcome) }
        return before != outcome
    }
}

extension StrategyQuestion {
    /// The same of the same module; what the node is like may differ.
    fileprivate func asksTheSame(as other: StrategyQuestion) -> Bool {
        request.strategy == other.request.strategy && request.configuration == other.request.configuration
    }
}
