public import EgressModel
public import TestRandom

/// Small clusters at random, dense with overlaps: few labels, few prefixes, nested ones, few nodes.
public struct RandomCluster {
    public var chance: SeededRandom
    public private(set) var snapshot = ClusterSnapshot()
    private var made = 0

    public static let prefixes: [IPPrefix] = [
        "0.0.0.0/0", "198.51.100.0/24", "198.51.100.0/25", "198.51.100.7/32", "203.0.113.0/24", "203.0.113.128/25", "10.0.0.0/8", "::/0",
        "2001:db8::/32", "2001:db8:7::/48",
    ]
    public static let destinations: [IPAddress] = [
        "198.51.100.7", "198.51.100.9", "198.51.100.200", "203.0.113.5", "203.0.113.200", "10.244.1.9", "10.96.0.1", "192.0.2.12",
        "9.9.9.9", "2001:db8::1", "2001:db8:7::1", "2001:4860::1",
    ]

    public init(seed: Int) {
        chance = SeededRandom(seed: seed)
        for number in 1...Int.random(in: 2...4, using: &chance) { addNode(number) }
        for _ in 0..<Int.random(in: 2...7, using: &chance) { addPod() }
        for _ in 0..<Int.random(in: 0...4, using: &chance) { addPolicy() }
        snapshot = snapshot.announced()
    }

    /// Something else, a few times; then the agents announce again, unless one of them is late.
    public mutating func change() {
        for _ in 0..<Int.random(in: 1...4, using: &chance) { changeOnce() }
        if !chance.oneIn(5) { snapshot = snapshot.announced() }
    }

    /// One thing becomes another, and no agent has noticed yet.
    public mutating func changeOnce() {
        switch Int.random(in: 0..<10, using: &chance) {
        case 0: addPod()
        case 1: if !snapshot.pods.isEmpty { snapshot.pods.remove(at: Int.random(in: snapshot.pods.indices, using: &chance)) }
        case 2: addPolicy()
        case 3: if !snapshot.policies.isEmpty { snapshot.policies.remove(at: Int.random(in: snapshot.policies.indices, using: &chance)) }
        case 4, 5, 6: changePolicy()
        case 7: relabelPod()
        case 8: changeNode()
        default: changeRanges()
        }
    }

    private mutating func addNode(_ number: Int) {
        let address = IPAddress(ipv4: 0xC000_0200 + UInt32(10 + number))
        var node = Node.sample("node-\(number)", labels: ["role": chance.pick(["a", "b"])], podCIDRs: [])
        node.internalAddresses = [address]
        if let range = IPPrefix("10.244.\(number).0/24") { node.podCIDRs = [range] }
        snapshot.nodes.append(node)
        let interface = NetworkInterface.sample("eth0", 2, "\(address)/24", "198.51.100.\(100 + number)/32")
        snapshot.egressNodes.append(.sample(node.name, interface))
    }

    private mutating func addPod() {
        made += 1
        let node = chance.pick(snapshot.nodes)
        let number = node.name.last.flatMap(\.wholeNumberValue) ?? 0
        var pod = Pod.sample(
            "pod-\(made)", ["app": chance.pick(["a", "b"]), "tier": chance.pick(["x", "y"])], on: node.name,
            hostNetwork: chance.oneIn(10))
        // Few addresses, so that one is used again by another pod.
        let taken = Set(snapshot.pods.flatMap(\.addresses))
        let free = (2...9).map { IPAddress(ipv4: 0x0AF4_0000 + UInt32(number << 8 + $0)) }.filter { !taken.contains($0) }
        guard !free.isEmpty else { return }
        pod.addresses = [chance.pick(free)]
        if chance.oneIn(3) { pod.addresses.append(IPAddress(ipv6: 0xFD00 << 112 | UInt128(made))) }
        snapshot.pods.append(pod)
    }

    private mutating func addPolicy() {
        made += 1
        let gateways = (0..<chance.pick([1, 1, 1, 2, 3])).map { _ in entry() }
        var policy = EgressGatewayPolicy.sample(
            "policy-\(made)", pods: selector(), to: somePrefixes(1...3), except: somePrefixes(0...2), via: gateways,
            priority: chance.pick([0, 0, 1]),
            created: chance.oneIn(2) ? "2026-01-0\(Int.random(in: 1...9, using: &chance))T00:00:00Z" : nil,
            onNoGateway: chance.oneIn(4) ? .bypass : .drop)
        if chance.oneIn(4) { policy.selectors[0].nodeSelector = ["role": "a"] }
        snapshot.policies.append(policy.object)
    }

    private mutating func entry() -> GatewayEntry {
        let selector: LabelSelector = chance.oneIn(2) ? ["role": chance.pick(["a", "b"])] : [:]
        let number = Int.random(in: 1...4, using: &chance)
        let source: GatewayEntry.Source =
            chance.oneIn(2) ? .defaultRoute : .address(IPAddress("198.51.100.\(100 + number)") ?? IPAddress(ipv4: 1))
        return GatewayEntry(nodeSelector: selector, source: source)
    }

    private mutating func selector() -> LabelSelector { chance.oneIn(3) ? [:] : ["app": chance.pick(["a", "b"])] }

    private mutating func somePrefixes(_ count: ClosedRange<Int>) -> [IPPrefix] {
        Array(Self.prefixes.shuffled(using: &chance).prefix(Int.random(in: count, using: &chance)))
    }

    private mutating func changePolicy() {
        guard !snapshot.policies.isEmpty else { return }
        let index = Int.random(in: snapshot.policies.indices, using: &chance)
        guard var policy = snapshot.policies[index].policy else { return }
        policy.metadata.generation += 1
        for _ in 0..<chance.pick([1, 1, 2, 3]) { changeField(&policy) }
        snapshot.policies[index] = policy.object
    }

    private mutating func changeField(_ policy: inout EgressGatewayPolicy) {
        switch Int.random(in: 0..<5, using: &chance) {
        case 0: policy.destinationCIDRs = somePrefixes(1...3)
        case 1: policy.excludedCIDRs = somePrefixes(0...2)
        case 2: policy.gateways[Int.random(in: policy.gateways.indices, using: &chance)] = entry()
        case 3: policy.gateways.append(entry())
        default: policy.selectors[0].podSelector = selector()
        }
    }

    /// Deleted and made anew under its name: another policy.
    public mutating func recreatePolicy() {
        guard !snapshot.policies.isEmpty else { return }
        let index = Int.random(in: snapshot.policies.indices, using: &chance)
        guard var policy = snapshot.policies[index].policy else { return }
        made += 1
        policy.metadata.uid = "policy-anew-\(made)"
        snapshot.policies[index] = policy.object
    }

    /// What the node's kubelet says of itself.
    public mutating func setReady(_ node: String, _ isReady: Bool) {
        for index in snapshot.nodes.indices where snapshot.nodes[index].name == node { snapshot.nodes[index].isReady = isReady }
    }

    private mutating func relabelPod() {
        guard !snapshot.pods.isEmpty else { return }
        snapshot.pods[Int.random(in: snapshot.pods.indices, using: &chance)].metadata.labels["app"] = chance.pick(["a", "b", "c"])
    }

    private mutating func changeNode() {
        let index = Int.random(in: snapshot.nodes.indices, using: &chance)
        switch Int.random(in: 0..<3, using: &chance) {
        case 0: snapshot.nodes[index].isReady.toggle()
        case 1: snapshot.nodes[index].metadata.labels["role"] = chance.pick(["a", "b"])
        default:
            let number = Int.random(in: 1...4, using: &chance)
            let address = IPAddress(ipv4: 0xC000_0200 + UInt32(10 + index + 1))
            snapshot.egressNodes[index].interfaces = [.sample("eth0", 2, "\(address)/24", "198.51.100.\(100 + number)/32")]
        }
    }

    private mutating func changeRanges() {
        let prefix = chance.pick(Self.prefixes.filter { $0.length > 8 })
        if snapshot.egressNodes[0].ranges.services.contains(prefix) {
            snapshot.egressNodes[0].ranges.services = []
        } else {
            snapshot.egressNodes[0].ranges.services.append(prefix)
        }
    }
}
