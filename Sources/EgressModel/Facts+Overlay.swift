extension NetworkPolicyFacts {
    /// These with others put over them: a policy of the same name takes the place of the one that is there.
    public func overlaid(by other: NetworkPolicyFacts) -> NetworkPolicyFacts {
        var result = self
        result.policies = policies.overlaid(by: other.policies, \.reference)
        result.notEvaluated = notEvaluated.overlaid(by: other.notEvaluated) { $0 }
        result.names += other.names
        result.hasEveryName = hasEveryName || other.hasEveryName
        result.cilium = other.cilium ?? cilium
        return result
    }
}

extension MeshConfiguration {
    /// This with another put over it: an object of the same name takes the place of the one that is there.
    public func overlaid(by other: MeshConfiguration) -> MeshConfiguration {
        var result = self
        // Both APIs have a Gateway.
        result.gateways = gateways.overlaid(by: other.gateways) { [$0.api.rawValue, $0.reference.description] }
        result.serviceEntries = serviceEntries.overlaid(by: other.serviceEntries, \.reference)
        result.virtualServices = virtualServices.overlaid(by: other.virtualServices, \.reference)
        result.entryRoutes = entryRoutes.overlaid(by: other.entryRoutes, \.reference)
        result.unread += other.unread
        return result
    }
}

extension Array {
    fileprivate func overlaid<Name: Hashable>(by others: [Element], _ name: (Element) -> Name) -> [Element] {
        guard !others.isEmpty else { return self }
        let replaced = Set(others.map(name))
        return filter { !replaced.contains(name($0)) } + others
    }
}
