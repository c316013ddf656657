import EgressModel
import EgressPolicy
import EgressPorts
import JSONText

/// What `diff` found out.
struct DiffReport: CommandResult {
    struct Object: Sendable {
        enum Change: String, Sendable {
            case create
            case update
            case delete
            case none
        }

        var object: ObjectReference
        var apiVersion: String
        var change: Change
    }

    /// In the order of the manifests.
    var objects: [Object]
    var supposition: Supposition

    var changes: PolicyChanges { supposition.changes }
    var findings: [Finding] { changes.findings }
    var hasChanges: Bool { !changes.pods.isEmpty || objects.contains { $0.change != .none } }

    var json: JSONValue {
        [
            "objects": .array(
                objects.sorted { $0.object < $1.object }.map { ["object": JSONValue($0.object), "change": .string($0.change.rawValue)] }),
            "pods": .array(rows),
            "summary": [
                "gain": JSONValue(changes.gain), "lose": JSONValue(changes.lose), "change": JSONValue(changes.change), "connections": .null,
            ],
            "findings": JSONValue(findings: findings),
        ]
    }

    var rows: [JSONValue] {
        let before = Self.steering(supposition.before)
        let after = Self.steering(supposition.after)
        return changes.pods.flatMap { change in
            change.destinations.map { destination in
                [
                    "pod": JSONValue(pod: change.pod), "destinationCIDR": .string(destination.prefix.description),
                    "before": Self.json(destination.before, change.pod, before), "after": Self.json(destination.after, change.pod, after),
                ]
            }
        }
    }

    private static func steering(_ effective: EffectivePolicy) -> [String: Steering] {
        Dictionary(effective.egressNodes.compactMap { node in node.steering.map { (node.name, $0.default) } }) { first, _ in first }
    }

    /// A rule as `list` has it, but for the pod.
    private static func json(_ rule: ResolvedRule?, _ pod: Pod, _ steering: [String: Steering]) -> JSONValue {
        guard let rule else { return .null }
        let how = rule.action == .gateway ? pod.nodeName.flatMap { steering[$0] } : nil
        guard case .object(var object) = RuleList.json(RuleList.Rule(pod: pod, rule: rule, steering: how)) else { return .null }
        object["pod"] = nil
        return .object(object)
    }

    /// Objects that change, then pods, each once.
    var names: [String] {
        objects.filter { $0.change != .none }.map { $0.object.resourceName(apiVersion: $0.apiVersion) }
            + changes.pods.map { "pod/\($0.pod.name)" }
    }
}

extension DiffReport.Object.Change {
    init(_ change: AppliedObject.Change) {
        switch change {
        case .created: self = .create
        case .configured: self = .update
        case .unchanged: self = .none
        }
    }
}
