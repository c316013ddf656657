public import EgressModel

extension PolicyEngine {
    /// A policy that is new, or another version of the one with its UID.
    public mutating func update(policy: PolicyObject) { replace(policy.metadata.uid, [policy]) }

    /// Nothing happens when there is no such policy.
    public mutating func remove(policy uid: String) { replace(uid, []) }

    private mutating func replace(_ uid: String, _ objects: [PolicyObject]) {
        let said = policies.objects[uid] ?? []
        guard said != objects else { return }
        policies.replaceObjects(uid, objects)
        findings.replace(said.flatMap(\.findings), by: objects.flatMap(\.findings), in: &effective.findings)
        let old = policies.number(uid)
        let new = PoliciesInForce(objects, accepted: accepted).policies.first.map { take($0) }
        if let old, let use = policies[old] { selection.remove(use.policy, old) }
        var touched = old.flatMap { policies[$0]?.groups } ?? []
        if let new, let policy = policies[new]?.policy { touched.formUnion(groups.candidates(policy, facts)) }
        var concerned: Set<Int> = []
        for number in touched { rematch(number, &concerned) }
        if let old { drop(old) }
        if let new { show(new) }
        settle(concerned)
        sayOfCluster()
    }

    /// Judges the group's labels again, and gives its pods what holds now.
    mutating func rematch(_ number: Int, _ concerned: inout Set<Int>) {
        guard let group = groups[number] else { return }
        let match = selection.match(group.key.namespace, group.key.labels, facts)
        let (before, after) = (group.match.policies, match.policies)
        groups.set(match, of: number)
        for policy in before.subtracting(after) { policies.change(policy) { $0.groups.remove(number) } }
        for policy in after.subtracting(before) { policies.change(policy) { $0.groups.insert(number) } }
        for member in group.members {
            guard let position = position(of: member, group.key.namespace) else { continue }
            restand(at: position, number, &concerned)
        }
    }

    /// Gives the pod at the position what holds now.
    mutating func restand(at position: Int, _ group: Int, _ concerned: inout Set<Int>) {
        let resolved = effective.pods[position]
        let standing = standing(of: resolved.pod, inGroup: group)
        guard standing !== resolved.standing else { return }
        count(resolved.pod, standing)
        uncount(resolved.pod, resolved.standing)
        for numbers in [standing.selected, standing.unsure, resolved.standing.selected, resolved.standing.unsure] {
            concerned.formUnion(numbers)
        }
        effective.pods.chunks.replace(at: position, with: ResolvedPod(resolved.pod, standing))
    }

    private func position(of member: LabelGroups.Member, _ namespace: String) -> Int? {
        let position = effective.pods.chunks.firstPosition { other in
            if other.pod.namespace != namespace { return bytewise(namespace, other.pod.namespace) }
            if other.pod.name != member.name { return bytewise(member.name, other.pod.name) }
            return !bytewise(other.pod.metadata.uid, member.uid)
        }
        guard position < effective.pods.count, effective.pods[position].pod.metadata.uid == member.uid else { return nil }
        return position
    }

    /// Takes a version out that isn't in force any more.
    private mutating func drop(_ number: Int) {
        if let policy = policies[number]?.policy, let position = position(of: policy) {
            findings.replace(effective.policies[position].findings, by: [], in: &effective.findings)
            effective.policies.remove(at: position)
        }
        standings.forget(number, isGone: true)
        policies.remove(number)
    }

    private mutating func show(_ number: Int) {
        guard let resolved = resolved(number) else { return }
        findings.replace([], by: resolved.findings, in: &effective.findings)
        effective.policies.insert(resolved, at: firstPosition(resolved.policy))
    }

    /// What is said of no single policy may depend on there being one.
    mutating func sayOfCluster() {
        let now = EgressPolicy.clusterFindings(cluster, view, known, hasPolicies: !policies.isEmpty)
        findings.replace(clusterFindings, by: now, in: &effective.findings)
        clusterFindings = now
    }
}
