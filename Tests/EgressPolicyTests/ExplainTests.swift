import EgressModel
import EgressPolicy
import EngineSamples
import Testing

@Suite struct ExplainTests {
    private func explain(
        _ name: String = "mediabot", to address: IPAddress? = "203.0.113.7", by policy: EgressGatewayPolicy = ClusterSnapshot.egressSample,
        change: (inout ClusterSnapshot) -> Void = { _ in }
    ) throws -> Explanation {
        var snapshot = ClusterSnapshot.sample(policy).announced()
        change(&snapshot)
        let pod = try #require(snapshot.pods.first { $0.name == name })
        return EgressPolicy.explain(pod, to: address.map { Destination(address: $0) }, in: resolve(snapshot))
    }

    private func inForce(_ generation: Int64 = 1, programmed: Bool = true) -> [PolicyInForce] {
        [PolicyInForce(name: "egress-sample", uid: "policy-egress-sample", generation: generation, programmed: programmed, pods: 1)]
    }

    @Test func `the verdict is one sentence`() throws {
        let verdict = try explain().verdict
        #expect(verdict?.sentence == "default/mediabot leaves by 198.51.100.100 through gateway node-2 (policy egress-sample).")
        #expect(verdict?.action == .gateway)
        #expect(verdict?.code == .byGateway)
        #expect(verdict?.gatewayIP == "192.0.2.12")
        #expect(verdict?.egressIP == "198.51.100.100")
    }

    @Test func `every step is answered in order`() throws {
        let explanation = try explain { snapshot in
            snapshot.egressNodes[0].steering = SteeringFact(default: .redirect, reason: "no foreign policy in FORWARD")
            snapshot.egressNodes[0].policies = inForce()
            snapshot.egressNodes[1].policies = inForce()
        }
        #expect(explanation.steps.map(\.step) == [.selected, .matched, .gateway, .address, .path, .inForce])
        #expect(explanation.steps.allSatisfy { $0.result == .yes })
        #expect(explanation.verdict?.steering == .redirect)
    }

    @Test func `in force means this generation, on the pod's node and the gateway`() throws {
        func step(_ change: (inout ClusterSnapshot) -> Void) throws -> ExplanationStep? { try explain(change: change).steps.last }
        #expect(try step { _ in }?.result == .no)
        #expect(try step { $0.egressNodes[0].policies = inForce() }?.detail.contains("node-2 has not taken it on yet (EG4005)") == true)
        let old = try step { snapshot in
            snapshot.egressNodes[0].policies = inForce(0)
            snapshot.egressNodes[1].policies = inForce()
        }
        #expect(old?.result == .no)
        #expect(old?.detail.contains("node-1 has generation 0, not 1") == true)
        #expect(try step { $0.egressNodes.remove(at: 0) }?.detail.contains("node-1 has not reported (EG4005)") == true)
        let offline = try step { $0.egressNodes = [] }
        #expect(offline?.result == .unknown)
        #expect(offline?.detail.contains("EG1006") == true)
    }

    @Test func `the field that decided is named, and what it would take`() throws {
        let policy = try #require(try explain("bystander").policies.first)
        #expect(policy.selects == false)
        #expect(
            policy.why == [
                "spec.selectors[0].podSelector: label class=mediabot is absent",
                "spec.selectors[0].podSelector: label org=empire is absent",
                "spec.destinationCIDRs[0]: 0.0.0.0/0 holds 203.0.113.7",
            ])
        #expect(policy.wouldNeed == ["label class=mediabot on pod default/bystander", "label org=empire on pod default/bystander"])
        let relabelled = try explain { $0.pods[0].metadata.labels["class"] = "web" }.policies.first
        #expect(
            relabelled?.why == [
                #"spec.selectors[0].podSelector: label class=mediabot is "web""#, "spec.destinationCIDRs[0]: 0.0.0.0/0 holds 203.0.113.7",
            ])
        #expect(relabelled?.wouldNeed == ["label class=mediabot on pod default/mediabot"])
    }

    @Test func `a destination that nothing claims is direct, and the nearest prefix is named`() throws {
        let policy = EgressGatewayPolicy.sample("p", to: ["10.0.0.0/8", "203.0.112.0/24"])
        let explanation = try explain(by: policy)
        #expect(explanation.verdict?.action == .direct)
        #expect(explanation.verdict?.code == .noPolicyClaims)
        #expect(explanation.policies.first?.selects == true)
        #expect(
            explanation.policies.first?.wouldNeed == [
                "a destination that holds 203.0.113.7; nearest is spec.destinationCIDRs[1], 203.0.112.0/24"
            ])
        #expect(explanation.steps.map(\.result) == [.yes, .no])
    }

    @Test func `a destination inside the cluster is direct, whatever policies say`() throws {
        let verdict = try explain(to: "10.244.2.7").verdict
        #expect(verdict?.action == .direct)
        #expect(verdict?.code == .inCluster)
        #expect(verdict?.sentence == "default/mediabot reaches 10.244.2.7 directly: it is inside the cluster (pod range 10.244.2.0/24).")
    }

    @Test func `an exclusion and a drop have their own words`() throws {
        let excluded = try explain(by: .sample("p", except: ["203.0.113.0/24"]))
        #expect(excluded.verdict?.sentence == "default/mediabot leaves as its node node-1: 203.0.113.0/24 is excluded (policy p).")
        #expect(excluded.verdict?.code == .excluded)
        let dropped = try explain { $0.nodes[1].isReady = false }
        #expect(dropped.verdict?.action == .drop)
        #expect(
            dropped.verdict?.sentence
                == "Packets of default/mediabot to 203.0.113.7 are dropped: no gateway is eligible: node-2 is not Ready (policy egress-sample)."
        )
        #expect(dropped.steps.first { $0.step == .gateway }?.result == .no)
    }

    @Test func `a pod of the host's network is not applicable, and why is said`() throws {
        let explanation = try explain { $0.pods[0].isHostNetwork = true }
        #expect(explanation.verdict?.action == .notApplicable)
        #expect(explanation.verdict?.code == .hostNetwork)
        #expect(explanation.steps.map(\.result) == [.no])
    }

    @Test func `an unselected pod leaves as its node`() throws {
        #expect(try explain("bystander").verdict?.sentence == "default/bystander leaves as its node node-1: no policy selects it.")
    }

    @Test func `without a destination the rules tell`() throws {
        let explanation = try explain(to: nil)
        #expect(explanation.verdict == nil)
        #expect(explanation.rules.map(\.prefix.description) == ["0.0.0.0/0"])
        #expect(explanation.steps.map(\.step) == [.selected, .inForce])
    }

    @Test func `offline the verdict says what the policy asks for`() throws {
        let explanation = try explain { $0.egressNodes = [] }
        #expect(explanation.verdict?.egressIP == "198.51.100.100")
        #expect(explanation.verdict?.code == .noNodeReports)
        #expect(explanation.steps.first { $0.step == .address }?.result == .unknown)
    }

    @Test func `a rejected policy is among the findings of every pod`() throws {
        let explanation = try explain("bystander") { snapshot in
            snapshot.policies.append(
                PolicyObject(
                    metadata: ObjectMetadata(name: "bad", uid: "bad"), policy: nil,
                    findings: [
                        Finding(
                            .error, .invalidCIDR, object: ObjectReference(kind: "CiliumEgressGatewayPolicy", name: "bad"),
                            message: "no CIDR")
                    ]))
        }
        #expect(explanation.findings.contains { $0.code == .invalidCIDR })
    }

    @Test func `any pod and destination of any cluster has an explanation that agrees with its rules`() {
        for seed in 0..<80 {
            var cluster = RandomCluster(seed: seed)
            cluster.change()
            let effective = resolve(cluster.snapshot)
            for pod in effective.pods {
                for destination in RandomCluster.destinations {
                    let verdict = EgressPolicy.explain(pod.pod, to: Destination(address: destination), in: effective).verdict
                    #expect(verdict != nil)
                    let rule = pod.rule(for: destination)
                    if effective.clusterRange(holding: destination) == nil, let rule {
                        #expect(verdict?.action?.rawValue == rule.action.rawValue, "seed \(seed)")
                    } else {
                        #expect(verdict?.action == .direct || verdict?.action == .notApplicable, "seed \(seed)")
                    }
                }
            }
        }
    }
}
