import EgressModel
import JSONText

extension ObjectChecker {
    mutating func node() -> Node? {
        let metadata = metadata()
        checkSteering(metadata.annotations[EgressAnnotation.steering])
        let spec = member("spec", of: root)
        let status = member("status", of: root)
        var node = Node(metadata: metadata, isCordoned: bool(member("unschedulable", of: spec)) ?? false)
        for entry in elements(member("addresses", of: status)) {
            switch string(member("type", of: entry)) {
            case "InternalIP": if let address = address(requiredMember("address", of: entry)) { node.internalAddresses.append(address) }
            case "ExternalIP": if let address = address(requiredMember("address", of: entry)) { node.externalAddresses.append(address) }
            default: break
            }
        }
        let ranges = elements(member("podCIDRs", of: spec))
        for range in ranges.isEmpty ? [member("podCIDR", of: spec)].compactMap({ $0 }) : ranges where range.value != "" {
            if let prefix = clusterPrefix(range) { node.podCIDRs.append(prefix) }
        }
        for taint in elements(member("taints", of: spec)) {
            if let key = string(member("key", of: taint)) { node.taintKeys.append(key) }
        }
        for condition in elements(member("conditions", of: status)) where string(member("type", of: condition)) == "Ready" {
            node.isReady = string(member("status", of: condition)) == "True"
        }
        return hasErrors ? nil : node
    }

    mutating func namespace() -> Namespace? {
        var metadata = metadata()
        // Every API server sets it; a manifest written by hand seldom has it.
        if metadata.labels["kubernetes.io/metadata.name"] == nil { metadata.labels["kubernetes.io/metadata.name"] = metadata.name }
        return hasErrors ? nil : Namespace(metadata: metadata)
    }

    mutating func pod() -> Pod? {
        let metadata = metadata()
        let spec = member("spec", of: root)
        let status = member("status", of: root)
        let nodeName = string(member("nodeName", of: spec)).flatMap { $0.isEmpty ? nil : $0 }
        let phase = string(member("phase", of: status)).map { Pod.Phase(rawValue: $0) ?? .unknown }
        var addresses: [IPAddress] = []
        for entry in elements(member("podIPs", of: status)) {
            if let address = address(member("ip", of: entry)) { addresses.append(address) }
        }
        if addresses.isEmpty, let only = member("podIP", of: status), only.value != "", let address = address(only) {
            addresses = [address]
        }
        let isHostNetwork = bool(member("hostNetwork", of: spec)) ?? false
        guard !hasErrors else { return nil }
        let containers = PodContainers(document.json["spec"])
        return Pod(
            metadata: metadata, nodeName: nodeName, isHostNetwork: isHostNetwork, phase: phase ?? .running, addresses: addresses,
            ports: containers.ports, sidecar: containers.sidecar)
    }

    mutating func service() -> Service? {
        let metadata = metadata()
        let spec = member("spec", of: root)
        let balancer = member("loadBalancer", of: member("status", of: root))
        var readers = [member("clusterIP", of: spec), member("loadBalancerIP", of: spec)].compactMap { $0 }
        readers += elements(member("clusterIPs", of: spec)) + elements(member("externalIPs", of: spec))
        for ingress in elements(member("ingress", of: balancer)) {
            if let reader = member("ip", of: ingress) { readers.append(reader) }
        }
        var addresses: [IPAddress] = []
        for reader in readers where reader.value != "" && reader.value != "None" {
            if let address = address(reader), !addresses.contains(address) { addresses.append(address) }
        }
        guard !hasErrors else { return nil }
        let ports = (document.json["spec"]?["ports"]?.arrayValue ?? []).compactMap(ServicePort.init)
        return Service(metadata: metadata, addresses: addresses, selector: Self.selector(document.json["spec"]), ports: ports)
    }

    /// A selector that isn't one counts as none: then the service's endpoints aren't known.
    private static func selector(_ spec: JSONValue?) -> Labels? {
        guard let members = spec?["selector"]?.objectValue?.members, !members.isEmpty else { return nil }
        var labels: Labels = [:]
        for member in members {
            guard let value = member.value.stringValue else { return nil }
            labels[member.key] = value
        }
        return labels
    }

    mutating func clusterPrefix(_ reader: JSONReader) -> IPPrefix? {
        guard let text = string(reader) else { return nil }
        guard let prefix = IPPrefix(text) else {
            report(.error, .invalidCIDR, reader.path, "\"\(text)\" is not a CIDR")
            return nil
        }
        return prefix
    }
}

extension ObjectChecker {
    /// A word that means nothing is as if it weren't there.
    private mutating func checkSteering(_ word: String?) {
        guard let word, !["auto", "redirect", "stack"].contains(word) else { return }
        report(
            .warning, .invalidAnnotation, JSONPath([.key("metadata"), .key("annotations"), .key(EgressAnnotation.steering)]),
            "\"\(word)\" is not known, and has no effect", hint: "auto, redirect or stack")
    }
}
