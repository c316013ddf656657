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
