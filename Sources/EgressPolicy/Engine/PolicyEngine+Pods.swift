public import EgressModel

extension PolicyEngine {
    /// A pod that is new, or another state of the one with its namespace and name.
    public mutating func update(pod: Pod) {
        let (first, before) = place(pod.namespace, pod.name)
        if before.count == 1, before[0].pod == pod { return }
        let standing = enterGroup(pod)
        var concerned = Set(standing.selected + standing.unsure)
        count(pod, standing)
        let entered = strays.enter(pod, known)
        let left = before.flatMap { leave($0, &concerned) }
        if before.count == 1 {
            effective.pods.chunks.replace(at: first, with: ResolvedPod(pod, standing))
        } else {
            for _ in before { effective.pods.chunks.remove(at: first) }
            effective.pods.chunks.insert(ResolvedPod(pod, standing), at: first)
        }
        for prefix in entered + left { strays.update(prefix, in: &effective.clusterRanges) }
        settle(concerned)
    }

    /// Nothing happens when there is no such pod.
    public mutating func remove(pod name: String, namespace: String) {
        let (first, before) = place(namespace, name)
        var concerned: Set<Int> = []
        let left = before.flatMap { leave($0, &concerned) }
        for _ in before { effective.pods.chunks.remove(at: first) }
        for prefix in left { strays.update(prefix, in: &effective.clusterRanges) }
        settle(concerned)
    }

    /// Pods with the name, and the position of the first one, or of where it would be.
    private func place(_ namespace: String, _ name: String) -> (first: Int, pods: [ResolvedPod]) {
        let first = effective.pods.chunks.firstPosition { other in
            other.pod.namespace != namespace ? bytewise(namespace, other.pod.namespace) : !bytewise(other.pod.name, name)
        }
        var pods: [ResolvedPod] = []
        while first + pods.count < effective.pods.count {
            let next = effective.pods[first + pods.count]
            guard next.pod.name == name, next.pod.namespace == namespace else { break }
            pods.append(next)
        }
        return (first, pods)
    }

    /// Takes the pod out of everything but the list; prefixes that are outside of the cluster now.
    private mutating func leave(_ resolved: ResolvedPod, _ concerned: inout Set<Int>) -> [IPPrefix] {
        let (pod, standing) = (resolved.pod, resolved.standing)
        concerned.formUnion(standing.selected)
        concerned.formUnion(standing.unsure)
        uncount(pod, standing)
        if standing.notApplicable == nil, let number = groups.number(LabelGroups.Key(namespace: pod.namespace, labels: pod.metadata.labels))
        {
            leaveGroup(pod, number)
        }
        return strays.leave(pod, known)
    }

    private mutating func leaveGroup(_ pod: Pod, _ number: Int) {
        guard groups.leave(pod, number) else { return }
        for policy in groups[number]?.match.policies ?? [] { policies.change(policy) { $0.groups.remove(number) } }
        groups.remove(number)
    }

    /// Brings policies and findings up to date after pods came, went or changed.
    mutating func settle(_ concerned: Set<Int>) {
        let losers = standings.takeLosers()
        effective.hasEveryPod = cluster.hasEveryPod && unsurePods == 0
        for number in concerned.union(losers) {
            guard let use = policies[number], let position = position(of: use.policy) else { continue }
            let selectsNothing = use.selected == 0 && use.unsure == 0 && cluster.hasEveryPod
            if losers.contains(number) || selectsNothing != use.selectsNothing {
                guard let resolved = resolved(number) else { continue }
                findings.replace(effective.policies[position].findings, by: resolved.findings, in: &effective.findings)
                effective.policies[position] = resolved
            } else {
                effective.policies[position].selectedPods = use.selected
            }
        }
    }

    /// Where the policy stands in the result; `nil`: it doesn't.
    func position(of policy: EgressGatewayPolicy) -> Int? {
        let position = firstPosition(policy)
        guard position < effective.policies.count, effective.policies[position].policy.metadata.uid == policy.metadata.uid else {
            return nil
        }
        return position
    }

    func firstPosition(_ policy: EgressGatewayPolicy) -> Int {
        var (low, high) = (0, effective.policies.count)
        while low < high {
            let middle = (low + high) / 2
            if PoliciesInUse.precedes(effective.policies[middle].policy, policy) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
