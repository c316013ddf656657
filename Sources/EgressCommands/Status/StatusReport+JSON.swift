import EgressModel
import EgressPolicy
import JSONText

extension StatusReport {
    var json: JSONValue {
        [
            "policies": .array(policies.map(json)), "gateways": .array(gateways.map(json)), "addresses": .array(addresses.map(\.json)),
            "nodes": .array(nodes.map(json)), "findings": JSONValue(findings: findings),
        ]
    }

    var rows: [JSONValue] { policies.map(json) }

    private func json(_ policy: Policy) -> JSONValue {
        [
            "name": .string(policy.name), "pods": JSONValue(policy.pods),
            "gateways": .array(
                policy.gateways.map { gateway in
                    [
                        "node": .string(gateway.node), "ready": .bool(gateway.ineligible == nil),
                        "egressIPs": JSONValue(addresses: gateway.egressIPs),
                    ]
                }),
            "programmed": [
                "ready": unread.contains(.egressNode) ? .null : JSONValue(policy.ready), "total": JSONValue(policy.progress.count),
            ],
            "podsComplete": .bool(isComplete && !unread.contains(.pod)), "ports": fullest(of: policy).map(portsJSON) ?? .null,
            "findings": JSONValue(findings: policy.findings),
        ]
    }

    private func json(_ gateway: Gateway) -> JSONValue {
        [
            "node": .string(gateway.node), "ready": .bool(gateway.ineligible == nil), "address": JSONValue(gateway.address),
            "egressIPs": JSONValue(addresses: gateway.egressIPs), "policies": .array(gateway.policies.map { .string($0) }),
            "code": JSONValue(gateway.ineligible?.code.rawValue), "reason": JSONValue(gateway.ineligible?.text),
        ]
    }

    private func json(_ node: Node) -> JSONValue {
        [
            "name": .string(node.name), "reportedAt": JSONValue(node.report?.reportedAt), "silent": .bool(node.isSilent),
            "helperVersion": JSONValue(node.report?.helper?.version), "datapath": JSONValue(node.report?.helper?.datapath),
            "steering": JSONValue(node.report?.steering?.default.rawValue),
            "programmed": ["ready": JSONValue(node.programmed), "total": JSONValue(node.total)],
        ]
    }
}
