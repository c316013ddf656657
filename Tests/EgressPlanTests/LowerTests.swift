import EgressModel
import EgressPlan
import EgressPolicy
import EngineSamples
import Testing

@Suite struct LowerTests {
    private let announced = ClusterSnapshot.sample(ClusterSnapshot.egressSample).announced()

    private func lower(_ node: String, _ snapshot: ClusterSnapshot? = nil, previous: DatapathState = DatapathState()) throws
        -> DatapathState
    {
        try #require(SampleNode.lower(node, snapshot ?? announced, previous: previous)).state
    }

    @Test func `a pod's node steers the pod through the tunnel`() throws {
        let state = try lower("node-1")
        #expect(state.pods == [11: PodRecord(ipv4: "10.244.1.7", ipv6: nil, set: 1, deliverIndex: 4)])
        #expect(state.sets == [1: [SetRule(prefix: "0.0.0.0/0", action: .gateway, policy: 1)]])
        #expect(state.policies == [1: "policy-egress-sample"])
        #expect(
            state.choices[ChoiceKey(interfaceIndex: 11, policy: 1)]?.ranked == [
                GatewayChoice.Ranked(entry: 1, gateway: "192.0.2.12", egress: "198.51.100.100")
            ])
        #expect(state.gateways == ["192.0.2.12": GatewayRecord(place: .remote)])
        #expect(state.nodes["192.0.2.12"] == NodeRecord(podNetwork: "10.244.2.0/24"))
        #expect(state.entries == [:])
        #expect(
            state.attachments == [
                Attachment(program: .pod, interfaceIndex: 11), Attachment(program: .podIn, interfaceIndex: 11),
                Attachment(program: .tunnel, interfaceIndex: 3),
            ])
        #expect(state.settings.nodeAddress == "192.0.2.11")
        #expect(state.settings.tunnelMTU == 1450)
    }

    @Test func `a gateway translates on its uplink, and its own pod's gateway is local`() throws {
        let state = try lower("node-2")
        let entry = try #require(state.entries[1])
        #expect(entry.egressIPv4 == ["198.51.100.100"])
        #expect(entry.interfaceIndex == nil)
        #expect(entry.keptPorts == 1024...65535)
        #expect(entry.portSlice == 0...65535)
        #expect(state.sets[entry.set] == [SetRule(prefix: "0.0.0.0/0", action: .gateway, policy: entry.policy)])
        #expect(state.egressAddresses == ["198.51.100.100": EgressAddressRecord(isShared: false)])
        #expect(state.gateways == ["192.0.2.12": GatewayRecord(place: .local)])
        #expect(state.attachments.contains(Attachment(program: .uplink, interfaceIndex: 2)))
        #expect(state.attachments.count { $0.program == .uplink } == 1, "no bridge, no veth, no loopback")
        #expect(!state.attachments.contains { $0.program == .uplinkOut }, "nobody else uses the address")
        #expect(state.settings.limits == .standard)
    }

    @Test func `uplinks are guarded where others' programs may lead a governed pod's packets past netfilter`() throws {
        let guarded = Attachment(program: .uplinkOut, interfaceIndex: 2)
        let plan = try #require(SampleNode.plan("node-1", announced))
        var facts = SampleNode.facts("node-1", announced)
        for (devices, isGuarded) in [([], false), ([11], true), ([12], false)] as [(Set<Int>, Bool)] {
            facts.devicesOfOthers = devices
            let state = EgressPlan.lower(plan, facts: facts, tunnel: SampleNode.tunnel, previous: DatapathState()).state
            #expect(state.attachments.contains(guarded) == isGuarded, "\(devices)")
        }
    }

    @Test func `a shared address keeps to a slice of the ports`() throws {
        let state = try lower("node-2", ClusterSnapshot.sample(.sample("p")).announced())
        #expect(state.entries[1]?.portSlice == 16384...24575)
        #expect(state.entries[1]?.keptPorts == 16384...24575)
        #expect(state.entries[1]?.interfaceIndex == nil)
        #expect(state.egressAddresses["192.0.2.12"] == EgressAddressRecord(isShared: true, ports: 16384...24575))
        #expect(state.attachments.contains(Attachment(program: .uplinkOut, interfaceIndex: 2)), "others' use of it is noticed")
        #expect(state.netfilter.shared == ["192.0.2.12"] && state.netfilter.dedicated == [])
    }

    /// A plan of the gateway with these addresses, and what it is lowered to.
    private func lower(_ addresses: [IPAddress], shared: [IPAddress] = []) throws -> DatapathState {
        var plan = try #require(SampleNode.plan("node-2", announced))
        plan.entries[0].ipv4 = addresses
        plan.entries[0].sharedAddresses = shared
        return EgressPlan.lower(
            plan, facts: SampleNode.facts("node-2", announced), tunnel: SampleNode.tunnel, previous: DatapathState()
        ).state
    }

    @Test func `an entry has all its addresses, in whatever order they come`() throws {
        let state = try lower(["198.51.100.102", "198.51.100.100", "198.51.100.101"])
        #expect(state.entries[1]?.egressIPv4 == ["198.51.100.100", "198.51.100.101", "198.51.100.102"])
        #expect(state.egressAddresses.count == 3)
        let permuted = try lower(["198.51.100.101", "198.51.100.102", "198.51.100.100", "198.51.100.101"])
        #expect(difference(from: state, to: permuted) == [])
    }

    @Test func `one address of the node itself, and the entry keeps to the ports that are reserved`() throws {
        let state = try lower(["198.51.100.100", "192.0.2.12"], shared: ["192.0.2.12"])
        #expect(state.entries[1]?.isShared == true)
        #expect(state.entries[1]?.portSlice == 16384...24575)
        #expect(state.entries[1]?.keptPorts == 16384...24575)
        #expect(state.egressAddresses["192.0.2.12"]?.isShared == true)
        #expect(state.egressAddresses["198.51.100.100"]?.isShared == false, "what is unknown to it isn't the node's")
    }

    @Test func `of more than sixteen addresses the lowest are used`() throws {
        let many = (1...20).map { IPAddress(ipv4: 0xC633_6400 + UInt32($0)) }
        let state = try lower(many.shuffled())
        #expect(state.entries[1]?.egressIPv4 == Array(many.prefix(16)))
        #expect(state.egressAddresses.keys.sorted() == Array(many.prefix(16)))
    }

    @Test func `a named interface is where the entry leaves`() throws {
        let snapshot = ClusterSnapshot.sample(.sample("p", via: [.sample("node-2", .interface("eth0"))])).announced()
        #expect(try lower("node-2", snapshot).entries[1]?.interfaceIndex == 2)
        let plan = try #require(SampleNode.plan("node-2", snapshot))
        let lost = EgressPlan.lower(plan, facts: HostFacts(), tunnel: SampleNode.tunnel, previous: DatapathState())
        #expect(lost.state.entries == [:], "by another interface would be past the policy")
    }

    @Test func `a node with nothing to do holds nothing but its settings`() throws {
        var expected = DatapathState()
        expected.settings = try lower("node-3").settings
        #expect(try lower("node-3") == expected)
    }

    @Test func `IPv6 rules whose gateway has no IPv6 address become drops by that reason`() throws {
        var snapshot = ClusterSnapshot.sample(.sample("p", to: ["::/0", "0.0.0.0/0"]))
        snapshot.pods = [.sample("two", at: "10.244.1.7", "fd00::7")]
        let state = try lower("node-1", snapshot.announced())
        #expect(state.sets[1]?.contains(SetRule(prefix: "::/0", action: .drop(5), policy: 1)) == true)
        #expect(state.pods[10]?.ipv6 == "fd00::7")
    }

    @Test func `each cause of a drop has its number`() throws {
        var snapshot = announced
        snapshot.nodes[1].isReady = false
        #expect(try lower("node-1", snapshot).sets[1]?.first?.action == .drop(4))
        #expect(try lower("node-1", ClusterSnapshot.sample(ClusterSnapshot.egressSample)).sets[1]?.first?.action == .drop(26))
        let absent = ClusterSnapshot.sample(.sample("p", via: [.sample("node-2", .address("198.51.100.9"))])).announced()
        #expect(try lower("node-1", absent).sets[1]?.first?.action == .drop(5))
    }

    @Test func `a pod without a device is named, and guarded all the same`() throws {
        let plan = try #require(SampleNode.plan("node-1", announced))
        let lowering = EgressPlan.lower(plan, facts: HostFacts(), tunnel: SampleNode.tunnel, previous: DatapathState())
        #expect(lowering.notGoverned.map(\.description) == ["pod/default/mediabot"])
        #expect(lowering.state.pods == [:])
        #expect(lowering.state.netfilter.guarded.map(\.sources) == [["10.244.1.7"]])
    }

    @Test func `the same again changes nothing, and numbers stay`() throws {
        let first = try lower("node-2")
        #expect(try lower("node-2", previous: first) == first)
        var shifted = first
        shifted.sets = [7: first.sets[1] ?? []]
        shifted.policies = [9: "policy-egress-sample"]
        #expect(try lower("node-2", previous: shifted).policies == [9: "policy-egress-sample"])
    }

    @Test func `a change is a new set with a number that nothing used`() throws {
        let first = try lower("node-1")
        var snapshot = announced
        snapshot.policies[0].policy?.excludedCIDRs = ["203.0.113.0/24"]
        let second = try lower("node-1", snapshot, previous: first)
        #expect(second.pods[11]?.set == 2)
        #expect(Set(second.sets.keys) == [2])
        #expect(try lower("node-1", announced, previous: second).pods[11]?.set == 1)
    }

    @Test func `a number that a record names is used, although its set is empty`() throws {
        var previous = DatapathState()
        previous.pods[99] = PodRecord(ipv4: "10.244.1.99", ipv6: nil, set: 1, deliverIndex: 99)
        #expect(try lower("node-1", previous: previous).pods[11]?.set == 2)
    }

    @Test func `the guard claims what policies claim, less exclusions and the cluster`() throws {
        var snapshot = announced
        snapshot.policies[0].policy?.destinationCIDRs = ["198.51.100.0/24", "203.0.113.0/24"]
        snapshot.policies[0].policy?.excludedCIDRs = ["198.51.100.128/25", "203.0.113.0/32"]
        snapshot.egressNodes[0].ranges.services = ["198.51.100.16/28"]
        let netfilter = try lower("node-1", snapshot).netfilter
        #expect(netfilter.tunnelPort == 8474)
        #expect(netfilter.uplinks == ["eth0"])
        #expect(
            netfilter.guarded == [
                GuardedSources(
                    sources: ["10.244.1.7"],
                    claimed: ["198.51.100.0"..."198.51.100.15", "198.51.100.32"..."198.51.100.127", "203.0.113.1"..."203.0.113.255"])
            ])
    }

    @Test func `what may leave as the node by bypass isn't guarded, what is dropped anyway is`() throws {
        var snapshot = announced
        snapshot.policies[0].policy?.onNoGateway = .bypass
        #expect(try lower("node-1", snapshot).netfilter.guarded == [])
        snapshot.egressNodes[1].resolutions[0].ipv4 = []
        #expect(try lower("node-1", snapshot).netfilter.guarded.count == 1)
    }

    @Test func `a veth to the outside is an uplink, although its other end is in another namespace`() throws {
        let plan = try #require(SampleNode.plan("node-2", announced))
        var facts = SampleNode.facts("node-2", announced)
        facts.podDevices.append(PodDevice(interface: "eth0", index: 2, addresses: ["192.0.2.1"], deliverIndex: 2))
        let state = EgressPlan.lower(plan, facts: facts, tunnel: SampleNode.tunnel, previous: DatapathState()).state
        #expect(state.attachments.contains(Attachment(program: .uplink, interfaceIndex: 2)))
    }

    @Test func `the guard's ranges are right for every address of random rules`() throws {
        for seed in 0..<60 {
            let cluster = RandomCluster(seed: seed)
            for node in cluster.snapshot.nodes {
                guard let plan = SampleNode.plan(node.name, cluster.snapshot) else { continue }
                let state = try lower(node.name, cluster.snapshot)
                for pod in plan.pods {
                    let bypassing = Set(plan.policies.filter { $0.accepted.onNoGateway == .bypass }.map(\.accepted.metadata.uid))
                    for destination in RandomCluster.destinations {
                        guard let source = pod.addresses.first(where: { $0.family == destination.family }) else { continue }
                        let rule = plan.sets[pod.set].filter { $0.prefix.contains(destination) }.max { $0.prefix.length < $1.prefix.length }
                        let isInside = plan.cluster.contains { $0.prefix.contains(destination) }
                        let isClaimed =
                            !isInside && (rule?.action == .drop || (rule?.action == .gateway && !bypassing.contains(rule?.policyUID ?? "")))
                        let isGuarded = state.netfilter.guarded.contains {
                            $0.sources.contains(source) && $0.claimed.contains { $0.contains(destination) }
                        }
                        #expect(isGuarded == isClaimed, "seed \(seed), \(source) to \(destination)")
                    }
                }
            }
        }
    }
}
