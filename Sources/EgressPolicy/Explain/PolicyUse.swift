public import EgressModel

/// Who leaves by a policy: the reverse of an ``Explanation``.
public struct PolicyUse: Sendable, Hashable {
    /// A pod that the policy selects, and what of its traffic the policy decides.
    public struct PodUse: Sendable, Hashable {
        public var pod: Pod
        /// Its rules by this policy; none where other policies decide all of its prefixes.
        public var rules: [ResolvedRule]
    }

    /// A prefix of the policy that another policy decides for some of its pods.
    public struct LostPrefix: Sendable, Hashable {
        public var prefix: IPPrefix
        public var policy: String
        /// What made the other one win.
        public var why: String
        public var pods: Int
    }

    public var resolved: ResolvedPolicy
    /// By node, namespace, name.
    public var pods: [PodUse]
    /// By prefix, then policy.
    public var lost: [LostPrefix]
    /// Pods of which it isn't known whether the policy selects them.
    public var undecided: Int

    public init(of resolved: ResolvedPolicy, in effective: EffectivePolicy) {
        let policy = resolved.policy
        self.resolved = resolved
        var lost: [LostKey: Int] = [:]
        var pods: [PodUse] = []
        undecided = effective.pods.count { pod in pod.undecided.contains { $0.uid == policy.metadata.uid } }
        for pod in effective.pods where pod.policies.contains(policy.name) {
            pods.append(PodUse(pod: pod.pod, rules: pod.rules.filter { $0.policyUID == policy.metadata.uid }))
            for rule in pod.rules where rule.beats.contains(policy.name) {
                lost[LostKey(prefix: rule.prefix, policy: rule.policy), default: 0] += 1
            }
        }
        self.pods = pods.sorted { a, b in
            (a.pod.nodeName ?? "", a.pod.namespace, a.pod.name) < (b.pod.nodeName ?? "", b.pod.namespace, b.pod.name)
        }
        let byName = Dictionary(effective.policies.map { ($0.policy.name, $0.policy) }) { first, _ in first }
        self.lost = lost.map { key, count in
            let why = byName[key.policy]?.advantage(over: policy) ?? ""
            return LostPrefix(prefix: key.prefix, policy: key.policy, why: why, pods: count)
        }.sorted { ($0.prefix, $0.policy) < ($1.prefix, $1.policy) }
    }

    private struct LostKey: Hashable {
        var prefix: IPPrefix
        var policy: String
    }
}
