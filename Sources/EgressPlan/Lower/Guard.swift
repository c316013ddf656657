import EgressModel
import EgressPolicy

/// The netfilter guard: what a pod's policies claim never leaves by an uplink, whatever else happens.
///
/// It holds for every planned pod, also one whose device wasn't found: what can't be steered is held, not let go. What a
/// gateway of a policy with bypass would carry is left out, as it may leave as the node's.
struct Guard {
    let plan: NodePlan

    func sources() -> [GuardedSources] {
        let bypassing = Set(plan.policies.filter { $0.accepted.onNoGateway == .bypass }.map(\.accepted.metadata.uid))
        let members = Dictionary(grouping: plan.pods, by: \.set)
        return IPFamily.allCases.flatMap { family -> [GuardedSources] in
            let inside = AddressRanges(plan.cluster.map(\.prefix).filter { $0.family == family })
            var sources: [AddressRanges: Set<IPAddress>] = [:]
            for (set, pods) in members where plan.sets.indices.contains(set) {
                let addresses = pods.compactMap { $0.addresses.first { $0.family == family } }
                let rules = plan.sets[set].filter { $0.prefix.family == family }
                var claimed = AddressRanges.claimed(
                    rules.map { ($0.prefix, $0.action == .drop || ($0.action == .gateway && !bypassing.contains($0.policyUID))) })
                claimed.subtract(inside)
                if !addresses.isEmpty, !claimed.ranges.isEmpty { sources[claimed, default: []].formUnion(addresses) }
            }
            return sources.map { GuardedSources(sources: $0.value.sorted(), claimed: $0.key.addresses(family)) }
                .sorted { $0.sources.lexicographicallyPrecedes($1.sources) }
        }
    }
}
