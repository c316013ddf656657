import EgressModel
import EgressPlan
import EgressPolicy
import EngineSamples
import Testing

@Suite struct PlanTests {
    private let announced = ClusterSnapshot.sample(ClusterSnapshot.egressSample).announced()

    @Test func `a pod's node gets its pods, their rules and their gateways`() throws {
        let plan = try #require(SampleNode.plan("node-1", announced))
        #expect(plan.pods.map(\.name) == ["mediabot"])
        #expect(plan.sets.map { $0.map(\.prefix.description) } == [["0.0.0.0/0"]])
        #expect(
            plan.pods[0].choices == [
                PlannedChoice(
                    policyUID: "policy-egress-sample", onNoGateway: .drop,
                    ranked: [PlannedGateway(node: "node-2", address: "192.0.2.12", entryID: 1, egress: "198.51.100.100")])
            ])
        #expect(plan.entries == [])
        #expect(plan.tunnel.address == "192.0.2.11")
        #expect(plan.peers.map(\.name) == ["node-2", "node-3"])
        #expect(plan.peers[0].podCIDRs == ["10.244.2.0/24"])
        #expect(plan.policies.map(\.pods) == [1])
    }

    /// The pod may have an IPv6 address that the cluster doesn't know; what left by it would be a leak.
    @Test func `a family without a known address of the pod is claimed all the same, as a drop`() throws {
        var snapshot = announced
        snapshot.policies = snapshot.policies.map { object in
            var object = object
            object.policy?.destinationCIDRs = ["0.0.0.0/0", "::/0"]
            object.policy?.excludedCIDRs = ["2001:db8::/32"]
            return object
        }
        let plan = try #require(SampleNode.plan("node-1", snapshot))
        #expect(
            plan.sets.map { $0.map { "\($0.prefix) \($0.action)" } } == [["0.0.0.0/0 gateway", "::/0 drop", "2001:db8::/32 exclude"]])
    }

    @Test func `a gateway gets its entries, and its own pods`() throws {
        let plan = try #require(SampleNode.plan("node-2", announced))
        #expect(plan.entries.map(\.id) == [1])
        #expect(plan.entries[0].ipv4 == ["198.51.100.100"])
        #expect(!plan.entries[0].isShared)
        #expect(plan.entries[0].interface == nil)
        #expect(plan.pods.map(\.name) == ["mediabot-2"])
    }

    @Test func `a node that has nothing to do gets no policy`() throws {
        let plan = try #require(SampleNode.plan("node-3", announced))
        #expect(plan.policies == [])
        #expect(plan.pods == [])
        #expect(plan.entries == [])
    }

    @Test func `an incomplete view is no plan`() {
        var snapshot = announced
        snapshot.isComplete = false
        #expect(SampleNode.plan("node-1", snapshot) == nil)
    }

    @Test func `the node's own address and interface mode are shared with the node`() {
        func isShared(_ source: GatewayEntry.Source) -> Bool? {
            SampleNode.plan("node-2", ClusterSnapshot.sample(.sample("p", via: [.sample("node-2", source)])).announced())?.entries.first?
                .isShared
        }
        #expect(isShared(.address("192.0.2.12")) == true)
        #expect(isShared(.interface("eth0")) == true)
        #expect(isShared(.defaultRoute) == true)
        #expect(isShared(.address("198.51.100.100")) == false)
    }

    @Test func `of several addresses those of the node itself are shared`() throws {
        var snapshot = ClusterSnapshot.sample(.sample("p"))
        snapshot.policies[0].policy?.strategy = StrategyReference(name: "spread")
        snapshot.egressNodes[1].resolutions = [
            EntryResolution(policy: "p", uid: "policy-p", entry: 0, id: 1, ipv4: ["198.51.100.100", "192.0.2.12"])
        ]
        let entry = try #require(SampleNode.plan("node-2", snapshot)?.entries.first)
        #expect(entry.sharedAddresses == ["192.0.2.12"])
        #expect(entry.isShared)
    }

    @Test func `a claimed pod without a gateway keeps its rule as a drop`() throws {
        var snapshot = announced
        snapshot.nodes[1].isReady = false
        let plan = try #require(SampleNode.plan("node-1", snapshot))
        #expect(
            plan.sets == [[PlannedRule(prefix: "0.0.0.0/0", action: .drop, policyUID: "policy-egress-sample", code: .noGatewayEligible)]])
        #expect(plan.pods[0].choices == [])
        #expect(plan.policies[0].code == "EG1002")
    }

    @Test func `eligible nodes that announced the entry are ranked in order of names`() throws {
        let policy = EgressGatewayPolicy.sample("p", via: [GatewayEntry(nodeSelector: [:], source: .defaultRoute)])
        var snapshot = ClusterSnapshot.sample(policy).announced()
        #expect(SampleNode.plan("node-1", snapshot)?.pods[0].choices[0].ranked.map(\.node) == ["node-1", "node-2", "node-3"])
        snapshot.egressNodes[1].resolutions = []
        #expect(SampleNode.plan("node-1", snapshot)?.pods[0].choices[0].ranked.map(\.node) == ["node-1", "node-3"])
    }

    @Test func `an entry of a policy that is gone isn't served`() {
        var snapshot = announced
        snapshot.policies = []
        #expect(SampleNode.plan("node-2", snapshot)?.entries == [])
    }

    @Test func `pods with the same rules share one set`() throws {
        var snapshot = announced
        for number in 20..<30 {
            snapshot.pods.append(
                .sample("m\(number)", ["org": "empire", "class": "mediabot"], at: IPAddress(ipv4: 0x0AF4_0100 + UInt32(number))))
        }
        let plan = try #require(SampleNode.plan("node-1", snapshot))
        #expect(plan.pods.count == 11)
        #expect(plan.sets.count == 1)
    }
}
