import EgressModel
import EgressPolicy
import EngineSamples
import TestRandom

/// A cluster in which everything changes that an engine is told of, also what seldom does: pods without address or node,
/// pods of one name with another UID, addresses outside all ranges, invalid policies, unread kinds, gateways out of reach.
struct RandomHistory {
    private(set) var snapshot: ClusterSnapshot
    private(set) var accepted: [String: EgressGatewayPolicy] = [:]
    private var chance: SeededRandom

    init(seed: Int) {
        chance = SeededRandom(seed: seed &+ 7000)
        snapshot = ClusterSnapshot(
            nodes: (1...5).map { number in
                .sample(
                    "node-\(number)", IPAddress(ipv4: 0xC000_020A + UInt32(number)), labels: ["role": number < 3 ? "a" : "b"],
                    podCIDRs: ["10.244.0.0/16"])
            },
            namespaces: ["default", "blue", "green"].map { .sample($0, ["color": $0]) },
            egressNodes: (1...5).map { number in
                .sample("node-\(number)", .sample("eth0", 2, "192.0.2.1\(number)/24", "198.51.100.10\(number)/32"))
            })
        for _ in 0..<12 { snapshot.pods.put(pod()) }
        for _ in 0..<5 { snapshot.policies.put(policy()) }
        if chance.oneIn(4) {
            snapshot.unread = [UnreadKind(kind: chance.pick([.namespace, .node, .pod]), code: .readForbidden, reason: "no")]
        }
        if chance.oneIn(3) { snapshot.nodes.removeLast() }
        snapshot = snapshot.announced()
        for policy in snapshot.policies.compactMap(\.policy) where chance.oneIn(2) { accepted[policy.metadata.uid] = policy }
    }

    mutating func change(_ engine: inout PolicyEngine) {
        switch Int.random(in: 0..<12, using: &chance) {
        case 0...4:
            let pod = pod()
            snapshot.pods.put(pod)
            engine.update(pod: pod)
        case 5...6:
            guard let pod = snapshot.pods.randomElement(using: &chance) else { return }
            snapshot.pods.removeAll { $0.reference == pod.reference }
            engine.remove(pod: pod.name, namespace: pod.namespace)
        case 7...9:
            let policy = policy()
            snapshot.policies.put(policy)
            engine.update(policy: policy)
        case 10:
            guard let policy = snapshot.policies.randomElement(using: &chance) else { return }
            snapshot.policies.removeAll { $0.metadata.uid == policy.metadata.uid }
            engine.remove(policy: policy.metadata.uid)
        default: changeSurroundings(&engine)
        }
    }

    private mutating func changeSurroundings(_ engine: inout PolicyEngine) {
        switch Int.random(in: 0..<5, using: &chance) {
        case 0:
            let namespace = Namespace.sample(chance.pick(["blue", "green"]), ["color": chance.pick(["blue", "green", "red"])])
            snapshot.namespaces = snapshot.namespaces.filter { $0.name != namespace.name } + [namespace]
            engine.update(namespace: namespace)
        case 1:
            var node = chance.pick(snapshot.nodes)
            node.isReady.toggle()
            if chance.oneIn(2) { node.metadata.labels["role"] = chance.pick(["a", "b"]) }
            if chance.oneIn(3) { node.podCIDRs = [chance.pick(["10.244.0.0/16", "172.16.0.0/16"])] }
            snapshot.nodes = snapshot.nodes.filter { $0.name != node.name } + [node]
            engine.update(node: node)
        case 2:
            var report = chance.pick(snapshot.egressNodes)
            report.gateways = (1...4).filter { _ in chance.oneIn(2) }.map {
                GatewayReachability(node: "node-\($0)", reachable: chance.oneIn(2))
            }
            report.reportedAt = chance.pick([nil, "2026-11-22T10:00:00Z", "2026-11-22T09:00:00Z"])
            snapshot.egressNodes = snapshot.egressNodes.filter { $0.name != report.name } + [report]
            engine.update(egressNode: report)
        case 3:
            var report = chance.pick(snapshot.egressNodes)
            report.reportedAt = "2026-11-22T10:00:0\(Int.random(in: 0...4, using: &chance))Z"
            report.lastEntryID += 1
            report.policies = [PolicyInForce(name: "policy-1", uid: "policy-policy-1", generation: 1, programmed: true, pods: 1)]
            snapshot.egressNodes = snapshot.egressNodes.filter { $0.name != report.name } + [report]
            engine.update(egressNode: report)
        default:
            snapshot = snapshot.announced()
            for report in snapshot.egressNodes { engine.update(egressNode: report) }
        }
    }

    private mutating func pod() -> Pod {
        let number = Int.random(in: 1...15, using: &chance)
        var pod = Pod.sample(
            "\(chance.pick(["default", "blue", "green"]))/pod-\(number)",
            ["app": chance.pick(["a", "b", "c"]), "tier": chance.pick(["x", "y"])],
            on: chance.oneIn(8) ? nil : "node-\(Int.random(in: 1...5, using: &chance))", hostNetwork: chance.oneIn(12),
            phase: chance.oneIn(8) ? .failed : .running)
        if chance.oneIn(4) { pod.metadata.uid += "-again" }
        if !chance.oneIn(8) { pod.addresses.append(IPAddress(ipv4: 0x0AF4_0100 + UInt32(number))) }
        if chance.oneIn(4) { pod.addresses.append(IPAddress(ipv6: 0xFD00 << 112 | UInt128(number))) }
        if chance.oneIn(6) { pod.addresses = [IPAddress(ipv4: 0xCB00_7100 + UInt32(number % 3))] }
        return pod
    }

    private mutating func policy() -> PolicyObject {
        let name = "policy-\(Int.random(in: 1...8, using: &chance))"
        let prefixes = RandomCluster.prefixes.shuffled(using: &chance)
        var policy = EgressGatewayPolicy.sample(
            name, to: Array(prefixes.prefix(Int.random(in: 1...4, using: &chance))), except: chance.oneIn(2) ? [prefixes[5]] : [],
            via: (0..<chance.pick([1, 1, 2])).map { _ in gateway() }, priority: chance.pick([0, 0, 1]),
            created: chance.pick([nil, "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"]), onNoGateway: chance.pick([.drop, .bypass]))
        policy.selectors = (0..<chance.pick([1, 1, 2])).map { _ in selector() }
        policy.metadata.generation = Int64(Int.random(in: 1...9, using: &chance))
        guard chance.oneIn(6) else { return policy.object }
        let finding = Finding(.error, .invalidCIDR, object: policy.reference, message: "no CIDR")
        return PolicyObject(metadata: policy.metadata, policy: chance.oneIn(2) ? nil : policy, findings: [finding])
    }

    private mutating func gateway() -> GatewayEntry {
        chance.oneIn(3)
            ? GatewayEntry(nodeSelector: ["role": chance.pick(["a", "b"])], source: .defaultRoute)
            : .sample("node-\(Int.random(in: 1...5, using: &chance))", chance.pick([.defaultRoute, .address("198.51.100.102")]))
    }

    private mutating func selector() -> EgressSelector {
        var selector = EgressSelector()
        switch Int.random(in: 0..<6, using: &chance) {
        case 0: selector.podSelector = [:]
        case 1: selector.podSelector = ["io.kubernetes.pod.namespace": chance.pick(["blue", "green", "none"])]
        case 2:
            let requirement = LabelRequirement(key: "k8s:tier", operation: chance.pick([.in, .notIn, .exists]), values: ["x"])
            selector.podSelector = LabelSelector(matchExpressions: [requirement])
        case 3: break
        default: selector.podSelector = ["app": chance.pick(["a", "b"])]
        }
        if selector.podSelector == nil || chance.oneIn(3) { selector.namespaceSelector = ["color": chance.pick(["blue", "red"])] }
        if chance.oneIn(3) { selector.nodeSelector = chance.oneIn(4) ? [:] : ["role": chance.pick(["a", "b"])] }
        return selector
    }
}

extension [Pod] {
    fileprivate mutating func put(_ pod: Pod) {
        removeAll { $0.reference == pod.reference }
        append(pod)
    }
}

extension [PolicyObject] {
    fileprivate mutating func put(_ policy: PolicyObject) {
        removeAll { $0.metadata.uid == policy.metadata.uid }
        append(policy)
    }
}
