import EgressModel
import EngineSamples
import TestRandom
import Testing

@testable import EgressPolicy

private func prefixes(_ texts: [String]) -> [IPPrefix] { texts.compactMap { IPPrefix($0) } }

private func policy(
    _ name: String = "p", pods: Labels = ["app": "web"], to destinations: [String] = ["0.0.0.0/0"], excluded: [String] = [],
    gateways: [GatewayEntry] = [GatewayEntry(nodeSelector: LabelSelector(matchLabels: ["egress": "true"]), source: .defaultRoute)],
    priority: Int = 0
) -> EgressGatewayPolicy {
    EgressGatewayPolicy(
        metadata: ObjectMetadata(name: name, uid: name), selectors: [EgressSelector(podSelector: LabelSelector(matchLabels: pods))],
        destinationCIDRs: prefixes(destinations), excludedCIDRs: prefixes(excluded), gateways: gateways, priority: priority)
}

private func line(_ finding: Finding) -> String {
    "\(finding.severity.rawValue) \(finding.code) \(finding.field ?? ""): \(finding.message)"
}

@Suite struct PolicyRemarksTests {
    @Test func `a plain policy gives no reason for a remark`() { #expect(policyRemarks(policy()).isEmpty) }

    @Test func `a destination that is excluded too is named`() {
        #expect(
            policyRemarks(policy(to: ["10.0.0.0/8", "0.0.0.0/0"], excluded: ["10.0.0.0/8"])).map(line) == [
                "warning EG2071 spec.destinationCIDRs[0]: 10.0.0.0/8 is excluded too, and the exclusion wins"
            ])
    }

    @Test func `an exclusion around a longer destination doesn't exclude it`() {
        #expect(
            policyRemarks(policy(to: ["0.0.0.0/0", "10.1.0.0/16"], excluded: ["10.0.0.0/8"])).map(line) == [
                "warning EG2072 spec.excludedCIDRs[0]: 10.0.0.0/8 does not exclude the destination 10.1.0.0/16, which is the longer prefix and wins"
            ])
        #expect(policyRemarks(policy(to: ["0.0.0.0/0"], excluded: ["10.0.0.0/8"])).isEmpty)
    }

    @Test(arguments: [
        ("127.0.0.0/8", "loopback"), ("169.254.169.254/32", "link-local"), ("224.0.0.0/4", "multicast"), ("::1/128", "loopback"),
        ("fe80::/64", "link-local"), ("ff02::/16", "multicast"),
    ])
    func `what never leaves a link is no destination`(destination: String, use: String) {
        #expect(policyRemarks(policy(to: [destination])).map(\.code) == [.neverSteered])
        #expect(policyRemarks(policy(to: [destination])).first?.message.contains(" is \(use):") == true)
    }

    @Test(arguments: ["0.0.0.0/0", "::/0", "126.0.0.0/7", "192.0.2.0/24"]) func `what holds more is one`(destination: String) {
        #expect(policyRemarks(policy(to: [destination])).isEmpty)
    }

    @Test func `an egress IP of a family that no destination has is named, with the field of its entry`() {
        let address: IPAddress = "198.51.100.1"
        let node = LabelSelector(matchLabels: ["a": "b"])
        let entries = [
            GatewayEntry(nodeSelector: node, source: .defaultRoute), GatewayEntry(nodeSelector: node, source: .address(address)),
        ]
        let remarks = policyRemarks(policy(to: ["2001:db8::/32"], gateways: entries))
        #expect(remarks.map(\.field) == ["spec.egressGateways[1].egressIP"])
        #expect(remarks.map(\.code) == [.addressFamilyUnused])
        #expect(policyRemarks(policy(to: ["2001:db8::/32", "0.0.0.0/0"], gateways: entries)).isEmpty)
    }

    @Test func `selectors of everything and of nothing are named`() {
        var all = policy(pods: [:])
        all.gateways[0].nodeSelector = LabelSelector(matchLabels: [:])
        #expect(policyRemarks(all).map(\.code) == [.selectsEveryPod, .anyNodeIsGateway])
        var none = policy()
        none.selectors[0].podSelector?.matchExpressions = [LabelRequirement(key: "app", operation: .notIn, values: ["web"])]
        none.gateways[0].nodeSelector.matchExpressions = [LabelRequirement(key: "egress", operation: .doesNotExist)]
        #expect(
            policyRemarks(none).map(line) == [
                "warning EG2079 spec.selectors[0]: no pod can meet what is asked of the pod's label app",
                "warning EG2079 spec.egressGateway.nodeSelector: no node can match egress=true,!egress",
            ])
    }

    @Test func `the namespace's name is the same by either selector`() {
        let byPod = LabelSelector(matchLabels: ["io.kubernetes.pod.namespace": "a"])
        let byLabel = LabelSelector(matchLabels: ["kubernetes.io/metadata.name": "b"])
        let rule = RuleConstraints(EgressSelector(podSelector: byPod, namespaceSelector: byLabel))
        #expect(rule.contradiction == "the namespace's name")
    }
}

@Suite struct PolicyOverlapTests {
    @Test func `a policy whose pods are all another's too never decides`() {
        let findings = policyOverlaps([policy("wide"), policy("narrow", pods: ["app": "web", "tier": "front"], priority: -1)])
        #expect(
            findings.map(line) == [
                "warning EG2013 spec.destinationCIDRs[0]: policy wide selects the same pods and more, and decides 0.0.0.0/0 (higher priority: 0 over -1)"
            ])
        #expect(findings.first?.object?.name == "narrow")
    }

    @Test func `policies that could meet are told of, policies that can't are not`() {
        let perhaps = policyOverlaps([policy("a"), policy("b", pods: ["tier": "front"])])
        #expect(perhaps.map(\.code) == [.possibleOverlap])
        #expect(perhaps.map(\.severity) == [.info])
        #expect(policyOverlaps([policy("a"), policy("b", pods: ["app": "db"])]).isEmpty)
        #expect(policyOverlaps([policy("a"), policy("b", to: ["10.0.0.0/8"])]).isEmpty)
    }

    @Test func `both excluding the same is no conflict`() {
        let findings = policyOverlaps([
            policy("a", to: ["0.0.0.0/0"], excluded: ["10.0.0.0/8"]), policy("b", to: ["192.0.2.0/24"], excluded: ["10.0.0.0/8"]),
        ])
        #expect(findings.isEmpty)
    }

    @Test func `the order of the policies doesn't matter`() {
        let all = (0..<12).map { policy("p\($0)", pods: $0 % 2 == 0 ? ["app": "web"] : ["tier": "\($0 % 3)"], priority: $0 % 4) }
        let once = policyOverlaps(all)
        #expect(!once.isEmpty)
        #expect(policyOverlaps(all.reversed()) == once)
    }

    @Test func `a thousand policies with one prefix are compared in time, and guesses are bounded`() {
        let all = (0..<1000).map { policy("p\($0)", pods: ["label\($0)": "x"]) }
        let start = ContinuousClock.now
        let findings = policyOverlaps(all)
        #expect(findings.count <= 3 * all.count)
        #expect(ContinuousClock.now - start < .seconds(20))
    }
}

/// Selectors at random over two labels of two values, against every pod that there can be.
@Suite struct SelectorLogicTests {
    /// Every way to have the labels `a` and `b`; `z` is a value that no selector names.
    private static let everyPod: [Labels] = [nil, "x", "y", "z"].flatMap { a in
        [nil, "x", "y", "z"].map { b in
            var labels: Labels = [:]
            labels["a"] = a
            labels["b"] = b
            return labels
        }
    }

    private func selector(_ random: inout SeededRandom) -> LabelSelector {
        var selector = LabelSelector(matchLabels: [:])
        if Int.random(in: 0..<3, using: &random) == 0 { selector.matchLabels["a"] = ["x", "y"].randomElement(using: &random) }
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            let operation = LabelRequirement.Operation.allCases.randomElement(using: &random) ?? .in
            let values = operation == .in || operation == .notIn ? [["x"], ["y"], ["x", "y"]].randomElement(using: &random) ?? [] : []
            selector.matchExpressions.append(
                LabelRequirement(key: Bool.random(using: &random) ? "a" : "b", operation: operation, values: values))
        }
        return selector
    }

    @Test func `what selectors have in common is what pods say`() {
        var random = SeededRandom(seed: 31)
        var (never, implied, disjoint) = (0, 0, 0)
        for _ in 0..<4000 {
            let (first, second) = (selector(&random), selector(&random))
            let (a, b) = (RuleConstraints(EgressSelector(podSelector: first)), RuleConstraints(EgressSelector(podSelector: second)))
            let (inFirst, inSecond) = (Self.everyPod.filter(first.matches), Self.everyPod.filter(second.matches))
            #expect((a.contradiction == nil) == !inFirst.isEmpty, "\(first)")
            #expect(a.canMeet(with: b) == inFirst.contains { second.matches($0) }, "\(first) and \(second)")
            if inFirst.isEmpty { never += 1 }
            if !a.canMeet(with: b) { disjoint += 1 }
            guard !inFirst.isEmpty else { continue }
            // A value that must be there and isn't forbidden can be one that nobody names, so both directions hold.
            #expect(a.implies(b) == inFirst.allSatisfy { second.matches($0) }, "\(first) implies \(second)")
            if a.implies(b), inFirst != inSecond { implied += 1 }
        }
        #expect(never > 100 && implied > 100 && disjoint > 100)
    }
}
