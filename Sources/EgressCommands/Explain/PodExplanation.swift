import EgressModel
import EgressPolicy
import JSONText

/// What `explain pod` prints.
struct PodExplanation: CommandResult {
    let explanation: Explanation
    /// `nil` without `--to`.
    let destination: ResolvedDestination?
    /// How the pod's node steers; `nil`: it hasn't said.
    let steering: Steering?
    /// Only where `--as-cilium` asks for it, and then in every output.
    var asCilium: PodAsCilium?
    /// Only where `--trace` asks for it, and then in every output.
    var trace: PodTrace?
    /// The pods that a mesh sends it to.
    var via: [PodExplanation] = []

    var findings: [Finding] { explanation.findings + (trace?.findings ?? []) }
    var names: [String] { ["pod/\(explanation.pod.name)"] }

    var json: JSONValue {
        let pod = explanation.pod
        var members: [(String, JSONValue)] = [
            (
                "pod",
                [
                    "namespace": .string(pod.namespace), "name": .string(pod.name), "uid": .string(pod.metadata.uid),
                    "node": JSONValue(pod.nodeName), "addresses": .array(pod.addresses.map { JSONValue($0) }),
                ]
            ),
            ("destination", destination.map(Self.json) ?? .null), ("verdict", explanation.verdict.map(Self.json) ?? .null),
            ("steps", .array(explanation.steps.map(Self.json))), ("policies", .array(explanation.policies.map(Self.json))),
        ]
        if destination == nil { members.append(("rules", .array(rules))) }
        members += [("remarks", remarksJSON), ("via", viaJSON), ("networkPolicy", Self.json(explanation.networkPolicy))]
        if let asCilium { members.append(("asCilium", asCilium.json)) }
        if let trace { members.append(("trace", trace.json)) }
        members.append(("findings", JSONValue(findings: findings)))
        return .object(JSONObject(members))
    }

    private var rules: [JSONValue] {
        explanation.rules.map {
            RuleList.json(RuleList.Rule(pod: explanation.pod, rule: $0, steering: $0.action == .gateway ? steering : nil))
        }
    }

    private static func json(_ destination: ResolvedDestination) -> JSONValue {
        [
            "host": JSONValue(destination.name), "address": JSONValue(destination.address),
            "port": destination.port.map { JSONValue($0) } ?? .null, "protocol": JSONValue(destination.transport),
            "otherAddresses": .array(destination.others.map { JSONValue($0) }),
        ]
    }

    private static func json(_ verdict: Verdict) -> JSONValue {
        [
            "action": JSONValue(verdict.action?.rawValue), "policy": JSONValue(verdict.policy),
            "gatewayNode": JSONValue(verdict.gatewayNode),
            "gatewayIP": JSONValue(verdict.gatewayIP), "egressIP": JSONValue(verdict.egressIP),
            "steering": JSONValue(verdict.steering?.rawValue), "code": JSONValue(verdict.code), "reason": .string(verdict.reason),
            "sentence": .string(verdict.sentence),
        ]
    }

    private static func json(_ step: ExplanationStep) -> JSONValue {
        ["step": .string(step.step.rawValue), "result": .string(step.result.rawValue), "detail": .string(step.detail)]
    }

    private static func json(_ policy: PolicyExplanation) -> JSONValue {
        [
            "name": .string(policy.name), "selects": policy.selects.map { .bool($0) } ?? .null,
            "why": .array(policy.why.map { .string($0) }),
            "wouldNeed": .array(policy.wouldNeed.map { .string($0) }),
        ]
    }
}
