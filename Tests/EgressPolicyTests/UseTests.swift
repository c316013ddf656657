import EgressModel
import EgressPolicy
import EngineSamples
import Testing

/// The reverse questions: who leaves by a policy, and who by an address.
@Suite struct UseTests {
    private func effective(_ snapshot: ClusterSnapshot) -> EffectivePolicy { resolve(snapshot.announced()) }

    private func use(_ name: String, _ snapshot: ClusterSnapshot) throws -> PolicyUse {
        let effective = effective(snapshot)
        return PolicyUse(of: try #require(effective.policies.first { $0.policy.name == name }), in: effective)
    }

    @Test func `a policy's pods come by node, with their rules by it`() throws {
        let use = try use("egress-sample", .sample(ClusterSnapshot.egressSample))
        #expect(use.pods.map(\.pod.name) == ["mediabot", "mediabot-2"])
        #expect(use.pods.map { $0.rules.map(\.egressIP) } == [["198.51.100.100"], ["198.51.100.100"]])
        #expect(use.lost.isEmpty)
    }

    @Test func `what another policy decides is lost, and to whom and why`() throws {
        var strong = EgressGatewayPolicy.sample("strong", pods: ["org": "empire"], via: [.sample("node-3", .defaultRoute)])
        strong.priority = 7
        let snapshot = ClusterSnapshot.sample(ClusterSnapshot.egressSample, strong)
        let weak = try use("egress-sample", snapshot)
        #expect(weak.pods.map { $0.rules.count } == [0, 0])
        #expect(weak.lost.map(\.policy) == ["strong"])
        #expect(weak.lost.map(\.pods) == [2])
        #expect(weak.lost.map(\.why) == ["higher priority: 7 over 0"])
        #expect(try use("strong", snapshot).lost.isEmpty)
    }

    private func address(_ text: IPAddress, _ snapshot: ClusterSnapshot) -> AddressUse {
        AddressUse(of: text, in: effective(snapshot), services: snapshot.services)
    }

    @Test func `an address has its pods by policy and gateway`() {
        let use = address("198.51.100.100", .sample(ClusterSnapshot.egressSample))
        #expect(use.uses.map(\.policy) == ["egress-sample"])
        #expect(use.uses.map(\.gatewayNode) == ["node-2"])
        #expect(use.uses.map(\.interface) == ["eth0"])
        #expect(use.uses.first?.prefixes.map(\.description) == ["0.0.0.0/0"])
        #expect(use.pods.map(\.name) == ["mediabot", "mediabot-2"])
        #expect(use.nearest.isEmpty)
        #expect(use.identities.map(\.kind) == [.interface])
    }

    @Test func `an address of the cluster's own says whose it is`() {
        var snapshot = ClusterSnapshot.sample(ClusterSnapshot.egressSample)
        snapshot.services = [Service(metadata: ObjectMetadata(name: "web", namespace: "default", uid: "s"), addresses: ["10.96.0.10"])]
        func identities(_ text: IPAddress) -> [String] {
            address(text, snapshot).identities.map { "\($0.kind.rawValue) \($0.object?.description ?? "-")" }
        }
        #expect(identities("10.244.1.7") == ["pod pod/default/mediabot"])
        #expect(identities("10.96.0.10") == ["service service/default/web"])
        #expect(identities("192.0.2.11") == ["interface node/node-1", "node node/node-1"])
        #expect(identities("10.244.1.200") == ["range -"])
        #expect(identities("203.0.113.1") == [])
    }

    @Test func `an address that nothing leaves by says what would`() {
        func nearest(_ change: (inout ClusterSnapshot) -> Void) -> (codes: [ReasonCode], text: String) {
            var snapshot = ClusterSnapshot.sample(ClusterSnapshot.egressSample)
            change(&snapshot)
            let use = address("198.51.100.100", snapshot)
            #expect(use.uses.isEmpty)
            return (use.nearest.map(\.reason.code), use.nearest.first?.reason.text ?? "")
        }
        let idle = nearest { $0.pods = [] }
        #expect(idle.codes == [.selectsNothing])
        #expect(idle.text == "policy egress-sample names it (spec.egressGateway), but it selects no pod")
        #expect(nearest { $0.nodes[1].isReady = false }.text.contains("node-2 can't be its gateway"))
        #expect(nearest { $0.nodes[1].metadata.labels = [:] }.codes == [.noGatewayMatches])
        #expect(nearest { $0.egressNodes[1].interfaces = [] }.codes == [.addressOnNoInterface])
        let free = nearest { $0.policies = [] }
        #expect(free.codes == [.noPolicyClaims])
        #expect(free.text.contains("node-2 has it on an interface"))
        let other = nearest { $0.policies += [Self.rival.object] }
        #expect(other.codes == [.overlapLost])
    }

    private static let rival: EgressGatewayPolicy = {
        var policy = EgressGatewayPolicy.sample("rival", pods: ["org": "empire"], via: [.sample("node-3", .defaultRoute)])
        policy.priority = 1
        return policy
    }()

    @Test func `nobody at all is an answer`() {
        let use = address("192.88.99.1", .sample(ClusterSnapshot.egressSample))
        #expect(use.uses.isEmpty && use.nearest.isEmpty && use.identities.isEmpty)
    }
}

/// Policies that don't select come nearest first, and say every way.
@Suite struct NearestPolicyTests {
    private func policy(_ name: String, _ labels: Labels..., to prefixes: [IPPrefix] = ["0.0.0.0/0"]) -> EgressGatewayPolicy {
        var policy = EgressGatewayPolicy.sample(name, to: prefixes, via: [.sample("node-2", .defaultRoute)])
        policy.selectors = labels.map { EgressSelector(podSelector: LabelSelector(matchLabels: $0)) }
        return policy
    }

    private func explanations(_ policies: EgressGatewayPolicy..., to address: IPAddress? = "203.0.113.7") throws -> [PolicyExplanation] {
        var snapshot = ClusterSnapshot.sample()
        snapshot.policies = policies.map(\.object)
        let pod = try #require(snapshot.pods.first { $0.name == "bystander" })
        return explain(pod, to: address.map { Destination(address: $0) }, in: resolve(snapshot)).policies
    }

    @Test func `the policy that lacks least is first, whatever its name`() throws {
        let three = policy("a-three", ["x": "1", "y": "2", "z": "3"])
        let one = policy("c-one", ["x": "1"])
        let two = policy("b-two", ["x": "1"], to: ["198.51.100.0/24"])
        #expect(try explanations(three, one, two).map(\.name) == ["c-one", "b-two", "a-three"])
        #expect(try explanations(three, one, two, to: nil).map(\.name) == ["b-two", "c-one", "a-three"])
    }

    @Test func `a destination that isn't held is needed too, and the nearest prefix said`() throws {
        let explanation = try #require(try explanations(policy("p", ["x": "1"], to: ["198.51.100.0/24", "203.0.112.0/24"])).first)
        #expect(
            explanation.wouldNeed == [
                "label x=1 on pod default/bystander",
                "a destination that holds 203.0.113.7; nearest is spec.destinationCIDRs[1], 203.0.112.0/24",
            ])
        let held = try #require(try explanations(policy("p", ["x": "1"])).first)
        #expect(held.wouldNeed == ["label x=1 on pod default/bystander"])
        #expect(held.why.last == "spec.destinationCIDRs[0]: 0.0.0.0/0 holds 203.0.113.7")
    }

    @Test func `the nearest rule is what it would take, and the others are other ways`() throws {
        let explanation = try #require(try explanations(policy("p", ["x": "1", "y": "2"], ["z": "3"])).first)
        #expect(
            explanation.wouldNeed == [
                "label z=3 on pod default/bystander",
                "or, by spec.selectors[0]: label x=1 on pod default/bystander; label y=2 on pod default/bystander",
            ])
        #expect(explanation.why.first == "spec.selectors[1].podSelector: label z=3 is absent")
    }
}
