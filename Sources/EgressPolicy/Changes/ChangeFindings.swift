import EgressModel

/// What a user should know of a change before making it.
struct ChangeFindings {
    let changes: [PodChange]
    let before: EffectivePolicy
    let after: EffectivePolicy
    let unasked: Set<String>

    /// In the order of every output, each once.
    var all: [Finding] { Set(appearing + ending + drops + takeovers + scarcePorts + modules + connections).sorted() }

    /// Whatever is found after the change and wasn't before.
    private var appearing: [Finding] {
        let known = Set((before.findings + before.policies.flatMap(\.findings)).map(\.content))
        let names = Set(after.policies.lazy.filter { unasked.contains($0.policy.metadata.uid) }.map(\.policy.name))
        return (after.findings + after.policies.flatMap(\.findings)).filter { finding in
            // What a module lacks that nobody has asked yet is said once, below.
            let isOfUnasked = Self.lacksAnswer(finding.code) && names.contains(finding.object?.name ?? "")
            return !known.contains(finding.content) && !isOfUnasked
        }
    }

    private static func lacksAnswer(_ code: ReasonCode) -> Bool { code == .addressUnknown || code.rawValue.hasPrefix("EG12") }

    /// Overlaps of today that are gone afterwards: the loser may decide again.
    private var ending: [Finding] {
        let still = Set(after.policies.flatMap(\.findings).lazy.filter { $0.code == .overlapLost }.map(\.object))
        return before.policies.flatMap(\.findings).filter { $0.code == .overlapLost && !still.contains($0.object) }.map {
            Finding(.info, .overlapEnds, object: $0.object, field: nil, message: "an overlap of today ends: \($0.message)")
        }
    }

    private struct Group: Hashable {
        var policy: String
        var other: String
        var prefix: IPPrefix?
        var code: ReasonCode?
    }

    /// Pods for which something holds, by what it is about.
    private struct Concerned {
        var count = 0
        var example = ""

        mutating func add(_ pod: Pod) {
            if count == 0 { example = "\(pod.namespace)/\(pod.name)" }
            count += 1
        }

        var words: String { count == 1 ? "pod \(example)" : "\(count) pods (such as \(example))" }
    }

    /// One finding for each policy and reason that drops what left before.
    private var drops: [Finding] {
        var groups: [Group: Concerned] = [:]
        for change in changes {
            var own: Set<Group> = []
            for rule in change.destinations.lazy.compactMap(\.after) where rule.action == .drop {
                let group = Group(policy: rule.policy, other: "", code: rule.reason.code)
                if own.insert(group).inserted { groups[group, default: Concerned()].add(change.pod) }
            }
        }
        return groups.map { group, concerned in
            let code = group.code?.rawValue ?? ""
            return Finding(
                .warning, .changeDrops, object: Self.policy(group.policy),
                message: "packets of \(concerned.words) that leave today would be dropped (\(code))",
                hint: "kubectl egress explain code \(code)")
        }
    }

    /// One finding for each prefix that one policy decides where another one does today.
    private var takeovers: [Finding] {
        var groups: [Group: Concerned] = [:]
        for change in changes {
            for destination in change.destinations {
                guard let old = destination.before?.policy, let new = destination.after?.policy, old != new else { continue }
                groups[Group(policy: new, other: old, prefix: destination.prefix), default: Concerned()].add(change.pod)
            }
        }
        return groups.map { group, concerned in
            let prefix = group.prefix.map(\.description) ?? ""
            return Finding(
                .info, .policyTakesOver, object: Self.policy(group.policy),
                message: "decides \(prefix) for \(concerned.words), which policy \(group.other) decides today")
        }
    }

    private var scarcePorts: [Finding] {
        let demand = (before: PortDemand(before), after: PortDemand(after))
        return demand.after.pods.compactMap { address, pods in
            let today = demand.before.pods[address] ?? 0
            let ports = demand.after.ports(of: address)
            guard pods > today, ports / max(1, pods) < DatapathLimits.fewPortsPerPod else { return nil }
            return Finding(
                .warning, .portsScarce,
                message: "\(pods) pods would share \(address) (today \(today)): of its \(ports) ports to one remote address and port "
                    + "that leaves \(ports / max(1, pods)) for each",
                hint: "give the policy more gateways or addresses (spec.egressGateways)")
        }
    }

    private var modules: [Finding] {
        after.policies.filter { unasked.contains($0.policy.metadata.uid) }.map {
            Finding(
                .info, .moduleNotAsked, object: $0.policy.reference, field: "metadata.annotations[\(EgressAnnotation.strategy)]",
                message: "its plugin module is asked once it is applied: which addresses it gives isn't known before")
        }
    }

    /// Running pods whose open connections don't outlive the change.
    private var connections: [Finding] {
        let running = changes.count { $0.pod.phase == .running }
        guard running > 0 else { return [] }
        return [
            Finding(
                .info, .connectionsEnd,
                message:
                    "connections that \(running == 1 ? "1 pod has" : "\(running) pods have") open to these destinations may break: they "
                    + "can't go on by another address")
        ]
    }

    private static func policy(_ name: String) -> ObjectReference { ObjectReference(kind: "CiliumEgressGatewayPolicy", name: name) }
}

extension Finding {
    /// Without its place: the cluster's object and the file's are the same.
    fileprivate var content: Finding {
        var finding = self
        finding.place = nil
        return finding
    }
}
