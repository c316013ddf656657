import EgressModel
import EgressPlan
import EgressPolicy
import JSONText

/// One question to a plugin module, as `egress_plugin.h` has it.
struct StrategyQuestion: Sendable, Hashable {
    var request: StrategyRequest
    var facts: NodeFacts

    var json: JSONValue {
        [
            "policy": .string(request.policy), "uid": .string(request.policyUID), "entry": JSONValue(request.entry),
            "node": [
                "name": .string(request.node), "labels": Self.json(request.nodeLabels), "annotations": Self.json(request.nodeAnnotations),
            ],
            "interfaces": .array(facts.interfaces.map(Self.json)),
            "defaultRoute": ["ipv4": JSONValue(facts.defaultRoute.ipv4), "ipv6": JSONValue(facts.defaultRoute.ipv6)],
            "families": .array(request.families.map { $0 == .ipv4 ? "ipv4" : "ipv6" }),
            "config": (try? JSONValue(parsing: request.configuration)) ?? .object(JSONObject()),
        ]
    }

    private static func json(_ labels: [String: String]) -> JSONValue {
        .object(JSONObject(labels.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
    }

    private static func json(_ interface: NetworkInterface) -> JSONValue {
        [
            "name": .string(interface.name), "altNames": .array(interface.altNames.map { .string($0) }),
            "index": JSONValue(interface.index),
            "addresses": .array(interface.addresses.map { .string($0.description) }), "up": .bool(interface.isUp),
        ]
    }
}

extension StrategyOutcome {
    init(_ answer: PluginAnswer) {
        self = .answer(
            StrategyAnswer(
                version: answer.version, ipv4: answer.ipv4, ipv6: answer.ipv6, interface: answer.interface, claims: answer.claim))
    }

    /// `nil`: the helper itself is gone, which says nothing about the module.
    init?(_ error: HelperError) {
        let code: ReasonCode
        switch error.code {
        case "unreachable", "timeout": return nil
        case "not_found": code = .pluginUnknown
        case "plugin_refused": code = .pluginRefusedConfiguration
        default: code = .pluginFailed
        }
        self = .failed(Reason(code, error.description))
    }
}

/// Answers of modules that still hold.
struct StrategyAnswers: Sendable {
    private struct Held: Sendable {
        var question: StrategyQuestion
        var outcome: StrategyOutcome
        /// Seconds since 1970; `nil`: until the question changes.
        var until: Int64?
    }

    /// How soon a module that failed is asked again, in seconds.
    static let retrySeconds: Int64 = 5

    private var held: [EntryKey: Held] = [:]

    var outcomes: [EntryKey: StrategyOutcome] { held.mapValues(\.outcome) }
    /// The next moment that an answer ends.
    var nextEnd: Int64? { held.values.compactMap(\.until).min() }

    /// Questions without an answer that holds at `now`.
    func open(_ questions: [StrategyQuestion], now: Int64) -> [StrategyQuestion] {
        questions.filter { question in
            guard let known = held[question.request.key], known.question == question else { return true }
            return known.until.map { $0 <= now } ?? false
        }
    }

    /// A failure to answer the same question again leaves the last good answer in force.
    mutating func set(_ question: StrategyQuestion, _ outcome: StrategyOutcome, validSeconds: Int64?, now: Int64) {
        let key = question.request.key
        var held = Held(question: question, outcome: outcome, until: validSeconds.map { now + max(1, min($0, 1 << 32)) })
        if case .failed = outcome {
            held.until = now + Self.retrySeconds
            if let last = self.held[key], case .answer = last.outcome, last.question.request == question.request {
                held.outcome = last.outcome
            }
        }
        self.held[key] = held
    }

    /// Forgets entries that nobody asks about any more.
    mutating func keep(_ questions: [StrategyQuestion]) {
        let keys = Set(questions.map(\.request.key))
        held = held.filter { keys.contains($0.key) }
    }
}
