import EgressModel
import EgressPlan
import EgressPorts

extension KernelSide {
    /// Their programs record by now; so what isn't found here began later, and is recorded by them.
    mutating func keepOpenConnections(_ indexes: [Int], _ lowering: Lowering, _ facts: HostFacts) throws {
        let open = host.openConnections(of: facts.podDevices.filter { indexes.contains($0.index) })
        var guarded: [LiveConnection] = []
        for index in indexes {
            guard let pod = lowering.pods[index] else { continue }
            endings.note(pod, open.unread[index])
            guard open.unread[index] == nil else { continue }
            let kept = lowering.state.claimed(open.connections, of: index)
            try datapath.execute(.setExempt(interfaceIndex: index, kept.program))
            guarded += kept.guarded
        }
        try host.exemptFromGuard(guarded)
    }

    /// They are enforced by now: nothing more is recorded. Of a pod whose connections couldn't be read none is exempt, as
    /// only some of them would be.
    func keepRecordedConnections(_ indexes: [Int], _ lowering: Lowering) throws {
        var guarded: [LiveConnection] = []
        for index in indexes {
            if let pod = lowering.pods[index], endings.contains(pod) {
                try datapath.execute(.forgetExempt(interfaceIndex: index))
            } else {
                guarded += try datapath.exemptConnections(of: index)
            }
        }
        try host.exemptFromGuard(guarded)
    }
}

/// Pods that lost what they had open when a policy first claimed them, and why.
struct ConnectionEndings {
    private var reasons: [String: (pod: ObjectReference, reason: String)] = [:]

    /// By namespace and name.
    var all: [EndedConnections] {
        reasons.values.map { EndedConnections(pod: $0.pod, reason: $0.reason) }.sorted { $0.pod < $1.pod }
    }

    func contains(_ pod: PlannedPod) -> Bool { reasons[pod.uid] != nil }

    /// `nil`: nothing ended.
    mutating func note(_ pod: PlannedPod, _ reason: String?) {
        reasons[pod.uid] = reason.map { (ObjectReference(kind: "Pod", namespace: pod.namespace, name: pod.name), $0) }
    }

    /// Forgets pods that are no longer in the plan.
    mutating func keep(_ pods: [PlannedPod]) {
        let present = Set(pods.map(\.uid))
        reasons = reasons.filter { present.contains($0.key) }
    }
}

extension KernelSide {
    /// The programs' counters, and what the guard dropped under the reasons that it has of its own.
    func counters() throws -> [DatapathCounter] {
        // Without nftables' netlink the rest is still worth telling.
        let drops = (try? host.guardDrops()) ?? GuardDrops()
        return drops.added(to: try datapath.counters())
    }
}
