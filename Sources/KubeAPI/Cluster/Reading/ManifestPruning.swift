import EgressModel
import JSONText

/// Reduces an object to what egress reads of it, so that a support file says no more than it must: no environment
/// variables, commands, volumes, images, managed fields.
enum ManifestPruning {
    static func pruned(_ object: JSONValue, in slot: ClusterSlot, apiVersion: String, kind: String) -> JSONValue? {
        guard let source = object.objectValue, let metadata = source["metadata"] else { return nil }
        var result: JSONObject = [
            "apiVersion": source["apiVersion"] ?? .string(apiVersion), "kind": source["kind"] ?? .string(kind),
            "metadata": pruned(metadata, in: slot),
        ]
        let (spec, status) = (source["spec"], source["status"])
        switch slot {
        case .nodes:
            result["spec"] = kept(["podCIDR", "podCIDRs", "unschedulable", "taints"], of: spec)
            result["status"] = nodeStatus(status)
        case .namespaces: break
        case .pods:
            result["spec"] = podSpec(spec)
            result["status"] = kept(["phase", "podIP", "podIPs"], of: status)
        case .services:
            result["spec"] = kept(["type", "clusterIP", "clusterIPs", "externalIPs", "loadBalancerIP", "selector", "ports"], of: spec)
            result["status"] = kept(["loadBalancer"], of: status)
        case .policies: result["spec"] = spec
        case .egressNodes, .ownEgressNode: result["status"] = status
        case .leases: result["spec"] = spec
        case .ranges:
            result["spec"] = spec
            result["data"] = source["data"]
        }
        return .object(result)
    }

    /// An `EgressNode` with the time of its Lease, where that is later: a file has no Leases.
    static func withHeartbeat(_ object: JSONValue, renewed: String?) -> JSONValue {
        guard let renewed, var node = object.objectValue, var status = node["status"]?.objectValue,
            (status["reportedAt"]?.stringValue ?? "") < renewed
        else { return object }
        status["reportedAt"] = .string(renewed)
        node["status"] = .object(status)
        return .object(node)
    }

    private static func pruned(_ metadata: JSONValue, in slot: ClusterSlot) -> JSONValue {
        var result = JSONObject()
        for field in ["name", "namespace", "uid", "creationTimestamp", "generation", "labels"] { result[field] = metadata[field] }
        // Strategies are asked with the annotations of nodes; of policies ours alone are read.
        if slot == .nodes || slot == .policies, let annotations = metadata["annotations"]?.objectValue {
            let kept = annotations.members.filter {
                slot == .nodes ? !$0.key.hasSuffix("last-applied-configuration") : $0.key.hasPrefix(EgressAnnotation.prefix)
            }
            if !kept.isEmpty { result["annotations"] = .object(JSONObject(kept.map { ($0.key, $0.value) })) }
        }
        return .object(result)
    }

    /// Of containers their names, ports and whether they go on beside the others: what policies select by port and what meshes add.
    private static func podSpec(_ spec: JSONValue?) -> JSONValue? {
        guard var object = kept(["nodeName", "hostNetwork"], of: spec)?.objectValue else { return nil }
        for field in ["containers", "initContainers"] {
            let containers = (spec?[field]?.arrayValue ?? []).compactMap { kept(["name", "ports", "restartPolicy"], of: $0) }
            if !containers.isEmpty { object[field] = .array(containers) }
        }
        return .object(object)
    }

    private static func nodeStatus(_ status: JSONValue?) -> JSONValue? {
        guard var object = kept(["addresses"], of: status)?.objectValue else { return nil }
        let ready = (status?["conditions"]?.arrayValue ?? []).filter { $0["type"]?.stringValue == "Ready" }
        object["conditions"] = .array(ready.compactMap { kept(["type", "status", "reason"], of: $0) })
        return .object(object)
    }

    private static func kept(_ fields: [String], of value: JSONValue?) -> JSONValue? {
        guard let value, value.objectValue != nil else { return nil }
        var result = JSONObject()
        for field in fields { result[field] = value[field] }
        return .object(result)
    }
}
