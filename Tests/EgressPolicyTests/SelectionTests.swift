import EgressModel
import EgressPolicy
import EngineSamples
import Testing

@Suite struct SelectionTests {
    private func selected(_ policy: EgressGatewayPolicy, change: (inout ClusterSnapshot) -> Void = { _ in }) -> [String] {
        var snapshot = ClusterSnapshot.sample(policy)
        change(&snapshot)
        return resolve(snapshot).pods.filter { !$0.policies.isEmpty }.map(\.pod.name)
    }

    @Test func `labels select, and pods without them are left alone`() {
        #expect(selected(ClusterSnapshot.egressSample) == ["mediabot", "mediabot-2"])
    }

    @Test func `an empty pod selector selects every pod`() {
        #expect(selected(.sample("all", pods: [:])) == ["bystander", "mediabot", "mediabot-2"])
    }

    @Test(arguments: ["io.kubernetes.pod.namespace", "k8s:io.kubernetes.pod.namespace"])
    func `the namespace's name is a label of the pod, with and without the prefix`(_ key: String) {
        let policy = EgressGatewayPolicy.sample("p", pods: LabelSelector(matchLabels: [key: "shop"]))
        #expect(selected(policy) == [])
        #expect(selected(policy) { $0.pods.append(.sample("shop/web", at: "10.244.1.9")) } == ["web"])
    }

    @Test func `the prefix k8s may stand before any key of a pod selector`() {
        #expect(selected(.sample("p", pods: ["k8s:class": "mediabot"])) == ["mediabot", "mediabot-2"])
        let absent = LabelSelector(matchExpressions: [LabelRequirement(key: "k8s:class", operation: .doesNotExist)])
        #expect(selected(.sample("p", pods: absent)) == ["bystander"])
    }

    @Test func `a namespace selector goes by the namespace's own labels`() {
        let policy = EgressGatewayPolicy.sample("p", pods: nil, namespaces: ["team": "a"])
        #expect(selected(policy) == [])
        #expect(selected(policy) { $0.namespaces = [.sample("default", ["team": "a"])] } == ["bystander", "mediabot", "mediabot-2"])
    }

    @Test func `of a namespace that isn't in the snapshot only its name is known`() {
        let named = EgressGatewayPolicy.sample("p", pods: nil, namespaces: ["kubernetes.io/metadata.name": "default"])
        let teamless = LabelSelector(matchExpressions: [LabelRequirement(key: "team", operation: .doesNotExist)])
        #expect(selected(named) { $0.namespaces = [] }.count == 3)
        #expect(selected(.sample("p", pods: nil, namespaces: teamless)) { $0.namespaces = [] }.count == 3)
        #expect(selected(.sample("p", pods: nil, namespaces: ["team": "a"])) { $0.namespaces = [] } == [])
    }

    @Test func `a node selector binds to its own rule alone`() {
        var policy = ClusterSnapshot.egressSample
        policy.selectors[0].nodeSelector = ["node.kubernetes.io/name": "node-1"]
        #expect(selected(policy) == ["mediabot"])
        policy.selectors.append(EgressSelector(podSelector: ["class": "mediabot"]))
        #expect(selected(policy) == ["mediabot", "mediabot-2"])
    }

    @Test func `a rule without pod and namespace selector selects nothing`() {
        var policy = ClusterSnapshot.egressSample
        policy.selectors = [EgressSelector(nodeSelector: [:])]
        #expect(selected(policy) == [])
    }

    @Test func `host network, finished, unscheduled and addressless pods have no rules, and why is said`() {
        var snapshot = ClusterSnapshot.sample(.sample("all"))
        snapshot.pods = [
            .sample("a-host", at: "192.0.2.11", hostNetwork: true), .sample("b-done", at: "10.244.1.1", phase: .succeeded),
            .sample("c-failed", at: "10.244.1.1", phase: .failed), .sample("d-nowhere", on: nil), .sample("e-new", phase: .pending),
        ]
        let pods = resolve(snapshot).pods
        #expect(pods.map(\.notApplicable?.code) == [.hostNetwork, .podFinished, .podFinished, .podNotScheduled, .podWithoutAddress])
        #expect(pods.allSatisfy { $0.rules.isEmpty && $0.policies.isEmpty })
        #expect(resolve(snapshot).policies.map(\.selectedPods) == [0])
    }

    @Test func `a policy that selects no pod says so`() {
        let findings = resolve(.sample(.sample("none", pods: ["class": "nobody"]))).findings
        #expect(findings.contains { $0.code == .selectsNothing && $0.severity == .info && $0.object?.name == "none" })
    }
}
