import EgressModel
import EgressPolicy
import JSONText

/// What `explain ip` prints.
struct AddressUseReport: CommandResult {
    let use: AddressUse
    let findings: [Finding]
    /// False: pods or policies may be missing here.
    let isComplete: Bool

    init(use: AddressUse, effective: EffectivePolicy, snapshot: ClusterSnapshot) {
        self.use = use
        isComplete = effective.isComplete && effective.hasEveryPod && !snapshot.lacks(.pod) && !snapshot.lacks(.policy)
        let policies = Set(use.uses.map(\.policy) + use.nearest.compactMap(\.policy))
        let nodes = Set(use.uses.map(\.gatewayNode) + use.nearest.compactMap(\.node))
        findings = Set(effective.findings).filter { finding in
            guard let object = finding.object else { return true }
            switch object.kind {
            case StatusReport.policyKind: return policies.contains(object.name)
            case "Node", "EgressNode": return nodes.contains(object.name)
            default: return false
            }
        }.sorted()
    }

    var names: [String] { use.pods.map { "pod/\($0.name)" } }

    var sentence: String {
        let unsure = isComplete ? "" : ", as far as the cluster could be read"
        let count = use.pods.count
        guard count > 0 else {
            let isStrange = use.identities.isEmpty && use.nearest.isEmpty
            let why = isStrange ? ": no policy names it, and no node reports it on an interface" : ""
            return "No pod leaves by \(use.address) by a policy\(why)\(unsure)."
        }
        let ways = use.uses.map { "policy \($0.policy) through \($0.gatewayNode)" }
        return "\(counted(count, "pod leaves", "pods leave")) by \(use.address), by \(namesInWords(ways))\(unsure)."
    }

    var json: JSONValue {
        [
            "address": JSONValue(use.address), "sentence": .string(sentence),
            "is": .array(
                use.identities.map { ["kind": .string($0.kind.rawValue), "object": JSONValue($0.object), "detail": .string($0.detail)] }),
            "uses": .array(use.uses.map(Self.json)),
            "nearest": .array(
                use.nearest.map { nearest in
                    [
                        "policy": JSONValue(nearest.policy), "node": JSONValue(nearest.node), "code": JSONValue(nearest.reason.code),
                        "reason": .string(nearest.reason.text),
                    ]
                }), "complete": .bool(isComplete), "findings": JSONValue(findings: findings),
        ]
    }

    private static func json(_ use: AddressUse.Use) -> JSONValue {
        [
            "policy": .string(use.policy), "gatewayNode": .string(use.gatewayNode), "interface": JSONValue(use.interface),
            "destinationCIDRs": .array(use.prefixes.map { .string($0.description) }),
            "pods": .array(
                use.pods.map { pod in
                    [
                        "namespace": .string(pod.namespace), "name": .string(pod.name), "uid": .string(pod.metadata.uid),
                        "node": JSONValue(pod.nodeName),
                    ]
                }),
        ]
    }

    private static let fewPods = 20

    func text(_ layout: TextLayout) -> String {
        var lines = ["ADDRESS   \(use.address)"]
        for identity in use.identities {
            let object = identity.object.map { "\($0): " } ?? ""
            lines += wrapped(object + identity.detail, first: "IS        ", width: layout.proseWidth)
        }
        lines += wrapped(sentence, first: "VERDICT   ", width: layout.proseWidth)
        for nearest in use.nearest {
            lines += wrapped("\(nearest.reason.text) (\(nearest.reason.code))", first: "NEAREST   ", width: layout.proseWidth)
        }
        var parts = [lines.map { $0 + "\n" }.joined()]
        if !use.uses.isEmpty { parts += [useTable.text(width: layout.width), podTable(layout).text(width: layout.width)] }
        let count = use.pods.count
        if count > Self.fewPods, !layout.isWide { parts.append("… and \(count - Self.fewPods) more pods (-o wide)\n") }
        let notable = findings.notable
        if !notable.isEmpty { parts.append(notable.map { findingText($0, width: layout.proseWidth) }.joined()) }
        return parts.joined(separator: "\n")
    }

    private var useTable: Table {
        Table(
            [
                .init("POLICY", canShrink: true), .init("GATEWAY", canShrink: true), .init("INTERFACE"),
                .init("DESTINATION", canShrink: true),
                .init("PODS"),
            ],
            rows: use.uses.map { use in
                let more = use.prefixes.count > 2 ? " +\(use.prefixes.count - 2)" : ""
                let prefixes = use.prefixes.prefix(2).map(\.description).joined(separator: ",") + more
                return [use.policy, use.gatewayNode, use.interface ?? "", prefixes, String(use.pods.count)]
            })
    }

    private func podTable(_ layout: TextLayout) -> Table {
        let shown = layout.isWide ? use.pods[...] : use.pods.prefix(Self.fewPods)
        let extra: [Table.Column] = layout.isWide ? [.init("SOURCE-IP")] : []
        return Table(
            [.init("NODE", canShrink: true), .init("POD", canShrink: true)] + extra,
            rows: shown.map { pod in
                [pod.nodeName ?? "", "\(pod.namespace)/\(pod.name)"]
                    + (layout.isWide ? [pod.addresses.map(\.description).joined(separator: ",")] : [])
            })
    }
}
