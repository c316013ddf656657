import EgressModel
import EgressPolicy
import EngineSamples
import Testing

/// Kubernetes' semantics of selectors, at each of the four places where a policy has one.
@Suite struct SelectorSemanticsTests {
    /// The key's value on the object (`nil`: absent), the requirement, and whether it holds.
    static let truth: [(value: String?, requirement: LabelRequirement, holds: Bool)] = [
        ("a", LabelRequirement(key: "k", operation: .in, values: ["a", "b"]), true),
        ("c", LabelRequirement(key: "k", operation: .in, values: ["a", "b"]), false),
        (nil, LabelRequirement(key: "k", operation: .in, values: ["a", "b"]), false),
        ("", LabelRequirement(key: "k", operation: .in, values: [""]), true),
        (nil, LabelRequirement(key: "k", operation: .in, values: [""]), false),
        ("a", LabelRequirement(key: "k", operation: .notIn, values: ["a", "b"]), false),
        ("c", LabelRequirement(key: "k", operation: .notIn, values: ["a", "b"]), true),
        (nil, LabelRequirement(key: "k", operation: .notIn, values: ["a", "b"]), true),
        ("a", LabelRequirement(key: "k", operation: .exists), true), ("", LabelRequirement(key: "k", operation: .exists), true),
        (nil, LabelRequirement(key: "k", operation: .exists), false),
        ("a", LabelRequirement(key: "k", operation: .doesNotExist), false),
        (nil, LabelRequirement(key: "k", operation: .doesNotExist), true),
    ]

    /// Selected pods of the sample cluster, after a change of it.
    private func selected(_ rules: [EgressSelector], change: (inout ClusterSnapshot) -> Void = { _ in }) -> [String] {
        var policy = EgressGatewayPolicy.sample("p")
        policy.selectors = rules
        var snapshot = ClusterSnapshot.sample(policy)
        change(&snapshot)
        return resolve(snapshot).pods.filter { !$0.policies.isEmpty }.map(\.pod.name)
    }

    private func one(_ requirement: LabelRequirement) -> LabelSelector { LabelSelector(matchExpressions: [requirement]) }

    @Test(arguments: truth.indices) func `operators mean the same on pods, namespaces, their nodes and gateways`(row: Int) {
        let (value, requirement, holds) = Self.truth[row]
        let labels = value.map { ["k": $0] } ?? [:]
        let byPod = selected([EgressSelector(podSelector: one(requirement))]) { $0.pods = [.sample("x", labels, at: "10.244.1.1")] }
        let byNamespace = selected([EgressSelector(namespaceSelector: one(requirement))]) {
            $0.pods = [.sample("x", at: "10.244.1.1")]
            $0.namespaces = [.sample("default", labels)]
        }
        let byNode = selected([EgressSelector(podSelector: [:], nodeSelector: one(requirement))]) {
            $0.pods = [.sample("x", at: "10.244.1.1")]
            for (key, value) in labels { $0.nodes[0].metadata.labels[key] = value }
        }
        #expect([byPod, byNamespace, byNode] == Array(repeating: holds ? ["x"] : [], count: 3))
        var snapshot = ClusterSnapshot.sample(.sample("p", via: [GatewayEntry(nodeSelector: one(requirement), source: .defaultRoute)]))
        snapshot.nodes = [snapshot.nodes[0]]
        for (key, value) in labels { snapshot.nodes[0].metadata.labels[key] = value }
        #expect(resolve(snapshot).policies[0].entries[0].candidates.map(\.node) == (holds ? ["node-1"] : []))
    }

    @Test func `an empty selector selects everything, an absent one asks nothing, and without both there is no rule`() {
        let all = ["bystander", "mediabot", "mediabot-2"]
        #expect(selected([EgressSelector(podSelector: [:])]) == all)
        #expect(selected([EgressSelector(namespaceSelector: [:])]) == all)
        #expect(selected([EgressSelector(podSelector: [:], namespaceSelector: [:], nodeSelector: [:])]) == all)
        #expect(selected([EgressSelector(podSelector: ["class": "mediabot"], namespaceSelector: nil)]) == ["mediabot", "mediabot-2"])
        #expect(selected([EgressSelector()]) == [])
        #expect(selected([EgressSelector(nodeSelector: [:])]) == [])
        #expect(selected([]) == [])
    }

    @Test func `all parts of a rule must hold, and one rule is enough`() {
        let shop: (inout ClusterSnapshot) -> Void = {
            $0.namespaces = [.sample("default", ["team": "a"]), .sample("shop", ["team": "b"])]
            $0.pods.append(.sample("shop/web", ["class": "mediabot"], at: "10.244.1.9"))
        }
        let both = EgressSelector(podSelector: ["class": "mediabot"], namespaceSelector: ["team": "b"])
        #expect(selected([both], change: shop) == ["web"])
        #expect(selected([both, EgressSelector(podSelector: ["org": "empire"])], change: shop) == ["mediabot", "mediabot-2", "web"])
        let expressions = LabelSelector(
            matchLabels: ["class": "mediabot"], matchExpressions: [LabelRequirement(key: "org", operation: .doesNotExist)])
        #expect(selected([EgressSelector(podSelector: expressions)], change: shop) == ["web"])
        let contradiction = LabelSelector(
            matchLabels: ["class": "mediabot"], matchExpressions: [LabelRequirement(key: "class", operation: .notIn, values: ["mediabot"])])
        #expect(selected([EgressSelector(podSelector: contradiction)], change: shop) == [])
    }

    @Test func `a rule's node selector binds to that rule, in whatever order rules stand`() {
        let bound = EgressSelector(podSelector: ["org": "empire"], nodeSelector: ["node.kubernetes.io/name": "node-1"])
        let free = EgressSelector(podSelector: ["org": "rebels"])
        let rebels: (inout ClusterSnapshot) -> Void = {
            $0.pods.append(.sample("rebel", ["org": "rebels"], on: "node-3", at: "10.244.3.9"))
        }
        #expect(selected([bound, free], change: rebels) == ["mediabot", "rebel"])
        #expect(selected([free, bound], change: rebels) == ["mediabot", "rebel"])
    }

    @Test func `a pod whose node isn't known is on no node that a rule asks for`() {
        let rule = EgressSelector(
            podSelector: [:], nodeSelector: LabelSelector(matchExpressions: [LabelRequirement(key: "x", operation: .doesNotExist)]))
        #expect(selected([rule]) { $0.pods = [.sample("x", on: "gone", at: "10.244.1.1")] } == [])
    }

    @Test(arguments: ["", "k8s:"], [LabelRequirement.Operation.in, .notIn, .exists, .doesNotExist])
    func `the namespace's name is asked for with every operator`(prefix: String, operation: LabelRequirement.Operation) {
        let values = operation == .in || operation == .notIn ? ["shop", "bank"] : []
        let requirement = LabelRequirement(key: prefix + "io.kubernetes.pod.namespace", operation: operation, values: values)
        let found = selected([EgressSelector(podSelector: one(requirement))]) {
            $0.pods = [.sample("shop/in", at: "10.244.1.1"), .sample("default/out", at: "10.244.1.2")]
        }
        let expected: [LabelRequirement.Operation: [String]] = [.in: ["in"], .notIn: ["out"], .exists: ["out", "in"], .doesNotExist: []]
        #expect(found == expected[operation])
    }

    /// Who may label a pod must not be able to say that it is in another namespace.
    @Test func `a label of that name on the pod says nothing`() {
        let rule = EgressSelector(podSelector: ["io.kubernetes.pod.namespace": "shop"])
        #expect(selected([rule]) { $0.pods = [.sample("x", ["io.kubernetes.pod.namespace": "shop"], at: "10.244.1.1")] } == [])
    }

    @Test func `a namespace selector is over the namespace's labels, not the pod's and not its name as a pod's label`() {
        let labelled = EgressSelector(namespaceSelector: ["class": "mediabot"])
        #expect(selected([labelled]) == [])
        #expect(selected([EgressSelector(namespaceSelector: ["io.kubernetes.pod.namespace": "default"])]) == [])
        #expect(selected([EgressSelector(namespaceSelector: ["kubernetes.io/metadata.name": "default"])]).count == 3)
    }
}
