public import EgressModel
public import JSONText

extension EgressGatewayPolicy {
    /// The policy as `cilium.io/v2` has it: canonical addresses, one gateway as `egressGateway`, several as `egressGateways`.
    public var manifest: JSONValue {
        var spec: JSONObject = ["selectors": .array(selectors.map(\.manifest)), "destinationCIDRs": texts(destinationCIDRs)]
        if !excludedCIDRs.isEmpty { spec["excludedCIDRs"] = texts(excludedCIDRs) }
        if let first = gateways.first {
            // The schema asks for egressGateway also where the list counts.
            spec["egressGateway"] = first.manifest
            if gateways.count > 1 { spec["egressGateways"] = .array(gateways.map(\.manifest)) }
        }
        return [
            "apiVersion": "cilium.io/v2", "kind": "CiliumEgressGatewayPolicy", "metadata": metadata.manifest, "spec": .object(spec),
        ]
    }
}

extension EgressSelector {
    fileprivate var manifest: JSONValue {
        var object = JSONObject()
        if let podSelector { object["podSelector"] = podSelector.manifest }
        if let namespaceSelector { object["namespaceSelector"] = namespaceSelector.manifest }
        if let nodeSelector { object["nodeSelector"] = nodeSelector.manifest }
        return .object(object)
    }
}

extension GatewayEntry {
    fileprivate var manifest: JSONValue {
        var object: JSONObject = ["nodeSelector": nodeSelector.manifest]
        switch source {
        case .address(let address): object["egressIP"] = .string(address.description)
        case .interface(let name): object["interface"] = .string(name)
        case .defaultRoute: break
        }
        return .object(object)
    }
}

extension LabelSelector {
    fileprivate var manifest: JSONValue {
        var object = JSONObject()
        if !matchLabels.isEmpty { object["matchLabels"] = map(matchLabels) }
        if !matchExpressions.isEmpty {
            object["matchExpressions"] = .array(
                matchExpressions.map { requirement in
                    var expression: JSONObject = [
                        "key": .string(requirement.key), "operator": .string(requirement.operation.rawValue),
                    ]
                    if !requirement.values.isEmpty { expression["values"] = .array(requirement.values.map(JSONValue.string)) }
                    return .object(expression)
                })
        }
        return .object(object)
    }
}
