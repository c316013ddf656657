import EgressModel
import EgressPolicy
import EngineSamples
import Testing

/// What can't be read is unknown: never a wrong no, never a plan.
@Suite struct PartialKnowledgeTests {
    private func snapshot(without kinds: ClusterKind..., policy: EgressGatewayPolicy = ClusterSnapshot.egressSample) -> ClusterSnapshot {
        var snapshot = ClusterSnapshot.sample(policy).announced()
        for kind in kinds {
            snapshot.unread.append(UnreadKind(kind: kind, code: .readForbidden, reason: "\(kind.rawValue) is forbidden"))
            switch kind {
            case .node: snapshot.nodes = []
            case .namespace: snapshot.namespaces = []
            case .pod: snapshot.pods = [snapshot.pods[0]]
            case .policy: snapshot.policies = []
            case .egressNode: snapshot.egressNodes = []
            case .service, .lease, .ranges, .mesh: break
            case .networkPolicy, .ciliumNetworkPolicy, .ciliumClusterwideNetworkPolicy, .otherNetworkPolicy: break
            }
        }
        return snapshot
    }

    private func explanation(_ snapshot: ClusterSnapshot, to address: IPAddress? = "203.0.113.10") -> Explanation {
        explain(snapshot.pods[0], to: address.map { Destination(address: $0) }, in: resolve(snapshot))
    }

    private func results(_ explanation: Explanation) -> [String] { explanation.steps.map { "\($0.step) \($0.result)" } }

    @Test(arguments: [ClusterKind.node, .namespace, .pod, .policy, .egressNode])
    func `nothing is planned without a kind that planning needs`(kind: ClusterKind) {
        let effective = resolve(snapshot(without: kind))
        #expect(!effective.isComplete)
        #expect(effective.findings.filter { $0.code == .readForbidden }.count == 1)
        #expect(!effective.findings.contains { $0.code == .snapshotIncomplete }, "the reader is told once")
        #expect(
            effective.findings.first { $0.code == .readForbidden }?.hint?.hasPrefix("ask for the verbs get, list and watch on ") == true)
        #expect(resolveEntries(node: "node-2", in: snapshot(without: kind)).lastEntryID >= 0)
    }

    @Test(arguments: [ClusterKind.service, .lease, .ranges])
    func `what only adds to the rest is a warning`(kind: ClusterKind) {
        let effective = resolve(snapshot(without: kind))
        #expect(effective.isComplete)
        #expect(effective.findings.map(\.code) == [.readForbidden, .inClusterKept])
        #expect(explanation(snapshot(without: kind)).verdict?.action == .gateway)
    }

    @Test(arguments: [ClusterKind.networkPolicy, .ciliumNetworkPolicy, .ciliumClusterwideNetworkPolicy, .otherNetworkPolicy])
    func `what says which connections pods may make has no part in this`(kind: ClusterKind) {
        let effective = resolve(snapshot(without: kind))
        #expect(effective.isComplete)
        #expect(effective.findings.map(\.code) == [.inClusterKept])
    }

    @Test func `one finding a kind, however many namespaces of it are missing`() {
        var snapshot = snapshot(without: .ranges)
        snapshot.unread = ["a", "b"].map { UnreadKind(kind: .pod, namespace: $0, code: .readForbidden, reason: "no") }
        snapshot.unread.append(UnreadKind(kind: .egressNode, code: .kindNotServed, reason: "no such kind"))
        let findings = resolve(snapshot).findings
        #expect(findings.filter { $0.code == .readForbidden }.count == 1)
        #expect(findings.first { $0.code == .kindNotServed }?.hint == "install its definition: kubectl egress install")
    }

    @Test func `without the nodes no gateway is known, and none is said to be missing`() {
        var snapshot = snapshot(without: .node)
        snapshot.egressNodes[0].policies = [
            PolicyInForce(name: "egress-sample", uid: "policy-egress-sample", generation: 1, programmed: true, pods: 1)
        ]
        let explanation = explanation(snapshot)
        #expect(explanation.verdict?.action == nil)
        #expect(explanation.verdict?.code == .readForbidden)
        #expect(explanation.verdict?.policy == "egress-sample")
        #expect(results(explanation) == ["selected yes", "matched yes", "gateway unknown", "address unknown", "inForce unknown"])
        let effective = resolve(snapshot)
        #expect(!effective.findings.contains { [.noGatewayMatches, .noGatewayEligible, .rangesUnknown].contains($0.code) })
        #expect(effective.pods.first { $0.pod.name == "mediabot" }?.rules.first?.reason.code == .readForbidden)
    }

    @Test func `without the EgressNodes the gateway is what the policy asks for, and unknown`() {
        let snapshot = snapshot(without: .egressNode)
        let explanation = explanation(snapshot)
        #expect(explanation.verdict?.action == nil)
        #expect(explanation.verdict?.gatewayNode == "node-2")
        #expect(explanation.verdict?.egressIP == "198.51.100.100")
        #expect(results(explanation) == ["selected yes", "matched yes", "gateway unknown", "address unknown", "inForce unknown"])
        #expect(!resolve(snapshot).findings.contains { $0.code == .noNodeReports })
    }

    @Test func `without the policies nobody can say how a pod leaves`() {
        let explanation = explanation(snapshot(without: .policy))
        #expect(explanation.verdict?.action == nil)
        #expect(explanation.verdict?.code == .readForbidden)
        #expect(results(explanation) == ["selected unknown"])
    }

    @Test func `what is inside the cluster, or no policy can reach, stays certain`() {
        #expect(explanation(snapshot(without: .policy), to: "10.244.3.9").verdict?.code == .inCluster)
        var hosted = snapshot(without: .policy)
        hosted.pods[0].isHostNetwork = true
        #expect(explanation(hosted).verdict?.action == .notApplicable)
    }

    private func selecting(_ namespaces: LabelSelector) -> ClusterSnapshot {
        snapshot(
            without: .namespace,
            policy: .sample("p", pods: nil, namespaces: namespaces, via: [.sample("node-2", .address("198.51.100.100"))]))
    }

    @Test func `a namespace's labels that weren't read leave the selection open`() throws {
        let snapshot = selecting(["team": "a"])
        let explanation = explanation(snapshot)
        #expect(explanation.verdict?.action == nil)
        #expect(explanation.verdict?.policy == "p")
        #expect(results(explanation) == ["selected unknown"])
        #expect(explanation.policies.first?.selects == nil)
        #expect(explanation.policies.first?.why.first?.contains("isn't known: namespaces couldn't be read (EG5003)") == true)
        let effective = resolve(snapshot)
        #expect(!effective.hasEveryPod)
        #expect(!effective.findings.contains { $0.code == .selectsNothing })
    }

    @Test func `a namespace is known by its name even so`() {
        #expect(explanation(selecting(["kubernetes.io/metadata.name": "default"])).verdict?.action == .gateway)
        let other = explanation(selecting(["kubernetes.io/metadata.name": "other", "team": "a"]))
        #expect(other.verdict?.action == .direct)
        #expect(other.policies.first?.selects == false)
    }

    @Test func `a policy that may select the pod counts only where it could decide`() {
        var snapshot = selecting(["team": "a"])
        let wider = ClusterSnapshot.egressSample
        var narrow = wider
        narrow.metadata = ObjectMetadata(name: "narrow", uid: "policy-narrow", generation: 1)
        narrow.destinationCIDRs = ["203.0.113.0/24"]
        snapshot.policies.append(narrow.object)
        snapshot.egressNodes = ClusterSnapshot.sample(narrow).announced().egressNodes
        #expect(explanation(snapshot, to: "203.0.113.10").verdict?.action == .gateway, "its /24 is longer than what may be claimed")
        #expect(explanation(snapshot, to: "198.51.100.9").verdict?.action == nil)
    }

    @Test func `counts of pods are bounds when pods are missing, and nothing is said to be selected by nobody`() {
        let nobody = EgressGatewayPolicy.sample("nobody", pods: ["app": "none"])
        #expect(resolve(snapshot(without: .ranges, policy: nobody)).findings.contains { $0.code == .selectsNothing })
        let partial = resolve(snapshot(without: .pod, policy: nobody))
        #expect(!partial.findings.contains { $0.code == .selectsNothing })
        #expect(!partial.hasEveryPod)
    }

    @Test func `one node's view says nothing of other nodes' pods`() {
        var snapshot = ClusterSnapshot.sample(.sample("a", pods: ["app": "none"]), .sample("b"), .sample("c"))
        #expect(Set(resolve(snapshot).findings.map(\.code)).isSuperset(of: [.selectsNothing, .overlapLost]))
        snapshot.podScope = .node("node-1")
        let effective = resolve(snapshot)
        #expect(effective.isComplete)
        #expect(!effective.hasEveryPod)
        #expect(Set(effective.findings.map(\.code)).isDisjoint(with: [.selectsNothing, .overlapLost]))
    }

    @Test func `without the Leases an old report is neither silent nor believed`() {
        var snapshot = snapshot(without: .lease)
        for index in snapshot.egressNodes.indices {
            snapshot.egressNodes[index].reportedAt = "2026-11-22T10:00:00Z"
            snapshot.egressNodes[index].policies = [
                PolicyInForce(name: "egress-sample", uid: "policy-egress-sample", generation: 1, programmed: true, pods: 1)
            ]
        }
        let (fresh, old) = (1_795_341_605 as Int64, 1_795_351_600 as Int64)
        func inForce(_ snapshot: ClusterSnapshot, _ now: Int64) -> ExplanationStep.Result? {
            explain(snapshot.pods[0], to: Destination(address: "203.0.113.10"), in: resolve(snapshot, now: now)).steps.last?.result
        }
        #expect(inForce(snapshot, fresh) == .yes)
        #expect(inForce(snapshot, old) == .unknown)
        #expect(!resolve(snapshot, now: old).findings.contains { $0.code == .nodeSilent })
        snapshot.unread = []
        #expect(resolve(snapshot, now: old).findings.contains { $0.code == .nodeSilent })
    }

    @Test func `two owners of one policy is an error that names the switch`() throws {
        var snapshot = snapshot(without: .ranges)
        snapshot.ciliumEgressGateway = "configmap/kube-system/cilium-config enable-egress-gateway"
        let effective = resolve(snapshot)
        #expect(effective.foreignOwner == snapshot.ciliumEgressGateway)
        let finding = try #require(effective.findings.first { $0.code == .ciliumOwnsPolicies })
        #expect(finding.severity == .error)
        #expect(finding.message.contains("configmap/kube-system/cilium-config enable-egress-gateway"))
    }
}
