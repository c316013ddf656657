import EgressPlan

extension DatapathOperation {
    /// What a person is told when the kernel refuses it.
    var text: String {
        switch self {
        case .attach(let place): "attach \(place.program.rawValue) to interface \(place.interfaceIndex)"
        case .detach(let place): "detach \(place.program.rawValue) from interface \(place.interfaceIndex)"
        case .setSettings: "write the settings"
        case .setNetfilter: "replace the nft table"
        case .setPod(let index, _): "write the pod behind interface \(index)"
        case .removePod(let index): "remove the pod behind interface \(index)"
        case .addRule(let set, let rule): "add \(rule.prefix) to set \(set)"
        case .removeRule(let set, let rule): "remove \(rule.prefix) from set \(set)"
        case .setPolicy(let slot, let uid): "write policy \(uid) at slot \(slot)"
        case .removePolicy(let slot): "remove the policy at slot \(slot)"
        case .setChoice(let key, _): "write the gateways of policy slot \(key.policy) for interface \(key.interfaceIndex)"
        case .removeChoice(let key): "remove the gateways of policy slot \(key.policy) for interface \(key.interfaceIndex)"
        case .setGateway(let address, _): "write gateway \(address)"
        case .removeGateway(let address): "remove gateway \(address)"
        case .setNode(let address, _): "write node \(address)"
        case .removeNode(let address): "remove node \(address)"
        case .setClusterRange(let prefix, _): "write the cluster's range \(prefix)"
        case .removeClusterRange(let prefix): "remove the cluster's range \(prefix)"
        case .setEntry(let id, _): "write entry \(id)"
        case .removeEntry(let id): "remove entry \(id)"
        case .setEgressAddress(let address, _): "write egress address \(address)"
        case .removeEgressAddress(let address): "remove egress address \(address)"
        case .addAddress(let claimed): "put \(claimed.address) on interface \(claimed.interfaceIndex)"
        case .removeAddress(let claimed): "take \(claimed.address) from interface \(claimed.interfaceIndex)"
        case .keepOpenConnections(let indexes): "keep open connections of interfaces \(indexes)"
        case .setExempt(let index, _): "write open connections of interface \(index)"
        case .forgetExempt(let index): "forget open connections of interface \(index)"
        case .keepRecordedConnections(let indexes): "keep new connections of interfaces \(indexes)"
        case .forgetFlows(let index): "forget connections of interface \(index)"
        case .forgetTranslations(let entry): "forget translations of entry \(entry)"
        }
    }
}
