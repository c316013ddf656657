/// Which pods of a node ran before a policy claimed them, as one agent saw it.
///
/// A pod counts as running before when the agent saw it with an address, and claimed by nothing, in a cluster that it read
/// whole, and later saw it claimed. Nothing else counts: neither when the pod or the policy was created, as a pod can wait
/// for hours before it starts, and can come under an old policy by a label; nor what another agent saw. So a pod that is
/// claimed when an agent first sees it gets no exemption: the way that closes.
public struct ClaimHistory: Sendable {
    /// Seen with an address and unclaimed, by UID.
    private var unclaimed: Set<String> = []
    /// Whether a claimed pod ran before, by UID; said once, and the same as long as it is claimed.
    private var claimed: [String: Bool] = [:]

    public init() {}

    /// What the helper had in force when the agent came.
    public mutating func takeOver(_ plan: NodePlan) {
        for pod in plan.pods where claimed[pod.uid] == nil { claimed[pod.uid] = pod.ranBefore }
    }

    /// Learns from a plan that was made of a whole view of the cluster, and says in it which pods ran before.
    ///
    /// - Parameter present: UIDs of all pods of the node that have an address.
    public mutating func note(_ plan: inout NodePlan, present: Set<String>) {
        var now: [String: Bool] = [:]
        for index in plan.pods.indices {
            let uid = plan.pods[index].uid
            let ranBefore = claimed[uid] ?? unclaimed.contains(uid)
            plan.pods[index].ranBefore = ranBefore
            now[uid] = ranBefore
        }
        claimed = now
        unclaimed = present.filter { now[$0] == nil && !$0.isEmpty }
    }
}
