import EgressModel
import EgressPlan
import EgressPolicy
import EgressWire
import JSONText

/// One question to a plugin module, as `egress_plugin.h` has it.
struct StrategyQuestion: Sendable, Hashable {
    var request: StrategyRequest
    var facts: NodeFacts

    var json: JSONValue {
        var fields: JSONObject = [
            "policy": .string(request.policy), "uid": .string(request.policyUID), "entry": JSONValue(request.entry),
            "node": [
                "name": .string(request.node), "labels": Self.json(request.nodeLabels), "annotations": Self.json(request.nodeAnnotations),
            ],
        ]
        for fact in facts.moduleJSON.members { fields[fact.key] = fact.value }
        fields["families"] = .array(request.families.map { $0 == .ipv4 ? "ipv4" : "ipv6" })
        fields["config"] = (try? JSONValue(parsing: request.configuration)) ?? .object(JSONObject())
        return .object(fields)
    }

    private static func json(_ labels: [String: String]) -> JSONValue {
        .object(JSONObject(labels.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
    }
}
