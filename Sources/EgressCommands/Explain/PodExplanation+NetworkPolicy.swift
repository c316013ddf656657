import EgressModel
import EgressPolicy
import JSONText

extension PodExplanation {
    static func json(_ verdict: NetworkPolicyVerdict?) -> JSONValue {
        guard let verdict else { return ["verdict": "unknown", "by": []] }
        return [
            "verdict": .string(verdict.answer.rawValue), "by": .array(verdict.by.map(json)), "reason": .string(verdict.reason),
            "code": verdict.code.map { JSONValue($0) } ?? .null,
            "notEvaluated": .array(
                verdict.notEvaluated.map {
                    [
                        "group": .string($0.group), "kind": .string($0.reference.kind), "namespace": JSONValue($0.reference.namespace),
                        "name": .string($0.reference.name),
                    ]
                }),
            "remarks": .array(verdict.remarks.map { .string($0) }),
        ]
    }

    private static func json(_ reason: NetworkPolicyReason) -> JSONValue {
        [
            "kind": .string(reason.policy.kind), "namespace": JSONValue(reason.policy.namespace), "name": .string(reason.policy.name),
            "effect": .string(reason.effect.rawValue), "field": JSONValue(reason.field), "why": .array(reason.why.map { .string($0) }),
            "code": reason.code.map { JSONValue($0) } ?? .null,
        ]
    }

    /// Nothing where no policy is about the pod's connections, and none could be.
    func networkPolicies(_ layout: TextLayout) -> String? {
        guard let verdict = explanation.networkPolicy, verdict.answer != .allowed || !verdict.by.isEmpty || !verdict.remarks.isEmpty else {
            return nil
        }
        let code = verdict.code.map { " [\($0)]" } ?? ""
        var lines = wrapped("\(verdict.answer.rawValue): \(verdict.reason)\(code)", first: "NETWORK POLICY  ", width: layout.proseWidth)
        for reason in verdict.by {
            let field = reason.field.map { " by \($0)" } ?? ""
            let code = reason.code.map { " [\($0)]" } ?? ""
            lines += wrapped("\(reason.policy)\(field)\(code)", first: Self.column(reason.effect.rawValue), width: layout.proseWidth)
            lines += reason.why.flatMap { wrapped($0, first: "    because ", width: layout.proseWidth) }
        }
        for object in verdict.notEvaluated {
            lines += wrapped("\(object.reference) of \(object.group)", first: Self.column("not evaluated"), width: layout.proseWidth)
        }
        lines += verdict.remarks.flatMap { wrapped($0, first: "  note: ", width: layout.proseWidth) }
        return lines.map { $0 + "\n" }.joined()
    }

    private static func column(_ word: String) -> String { "  " + word + String(repeating: " ", count: max(2, 10 - word.count)) }
}
