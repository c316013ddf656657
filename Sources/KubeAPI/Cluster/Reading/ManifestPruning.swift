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
        case .mesh(let resource):
            result["spec"] = meshSpec(spec, resource)
            result["status"] = kept(["addresses"], of: status)
        case .ranges:
            result["spec"] = spec
            for field in ["data", "endpoints", "subsets"] { result[field] = source[field] }
        }
        return .object(result)
    }

    /// A network policy with what it says, where that is read.
    static func pruned(networkPolicy object: JSONValue, isEvaluated: Bool, apiVersion: String, kind: String) -> JSONValue? {
        guard let source = object.objectValue, let metadata = source["metadata"] else { return nil }
        var result: JSONObject = [
            "apiVersion": source["apiVersion"] ?? .string(apiVersion), "kind": source["kind"] ?? .string(kind),
            "metadata": pruned(metadata, in: .services),
        ]
        for field in ["spec", "specs"] where isEvaluated { result[field] = source[field] }
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
        // What goes past a mesh's proxy is said by annotations of its pods.
        if slot == .pods, let annotations = metadata["annotations"]?.objectValue {
            let kept = annotations.members.filter { $0.key.hasPrefix(MeshSidecar.annotationPrefix) }
            if !kept.isEmpty { result["annotations"] = .object(JSONObject(kept.map { ($0.key, $0.value) })) }
        }
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

    /// Gateways' listeners and their certificates are left out, and so is what routes ask of a request and do to it: that
    /// they do is told by an empty object in its place.
    private static func meshSpec(_ spec: JSONValue?, _ resource: String) -> JSONValue? {
        if resource.hasPrefix("gateways.") { return kept(["gatewayClassName", "selector"], of: spec) }
        if resource.contains("routes.") { return kept(["parentRefs"], of: spec) }
        guard var object = kept(["hosts", "addresses", "ports", "exportTo", "gateways", "resolution"], of: spec)?.objectValue else {
            return nil
        }
        for kind in ["http", "tls", "tcp"] {
            guard let routes = spec?[kind]?.arrayValue else { continue }
            object[kind] = .array(
                routes.map { route in
                    pruned(route, whole: ["name"]) { member, value in
                        switch member {
                        case "match": .array((value.arrayValue ?? []).map { pruned($0, whole: meshMatch) })
                        case "route": .array((value.arrayValue ?? []).map { kept(["destination", "weight"], of: $0) ?? .null })
                        default: .object(JSONObject())
                        }
                    }
                })
        }
        return .object(object)
    }

    private static let meshMatch = ["name", "gateways", "port", "sniHosts", "destinationSubnets", "sourceLabels", "sourceNamespace"]

    /// An object of the same members: some whole, of the others what `replacement` says.
    private static func pruned(
        _ value: JSONValue, whole: [String], replacement: (String, JSONValue) -> JSONValue = { _, _ in .object(JSONObject()) }
    ) -> JSONValue {
        guard let object = value.objectValue else { return value }
        return .object(
            JSONObject(object.members.map { ($0.key, whole.contains($0.key) ? $0.value : replacement($0.key, $0.value)) }))
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
