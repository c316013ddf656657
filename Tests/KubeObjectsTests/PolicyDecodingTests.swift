import EgressModel
import JSONText
import KubeObjects
import Testing

@Suite struct PolicyDecodingTests {
    private static let full = """
        apiVersion: cilium.io/v2
        kind: CiliumEgressGatewayPolicy
        metadata:
          name: full
          generation: 3
          annotations:
            kubectl-egress.dev/strategy: static
            kubectl-egress.dev/strategy-config: '{"addresses": ["198.51.100.7"]}'
            kubectl-egress.dev/priority: "-5"
            kubectl-egress.dev/on-no-gateway: bypass
        spec:
          selectors:
          - podSelector:
              matchLabels: {"k8s:io.kubernetes.pod.namespace": default, org: empire}
              matchExpressions:
              - {key: class, operator: NotIn, values: [a, b]}
            nodeSelector: {matchLabels: {zone: a}}
          - namespaceSelector: {}
          destinationCIDRs: ["0.0.0.0/0", "10.9.9.9/8", "10.0.0.0/8", "::/0"]
          excludedCIDRs: ["192.0.2.0/24"]
          egressGateways:
          - {nodeSelector: {matchLabels: {n: "1"}}, egressIP: "2001:DB8::1"}
          - {nodeSelector: {}, interface: a-very-long-alternative-name, egressIP: ""}
          - {nodeSelector: {}}
        """

    @Test func `every field arrives`() throws {
        let policy = try #require(policyObject(Self.full)?.policy)
        #expect(policy.metadata.generation == 3)
        #expect(policy.strategy == StrategyReference(name: "static", configuration: #"{"addresses": ["198.51.100.7"]}"#))
        #expect(policy.priority == -5)
        #expect(policy.onNoGateway == .bypass)
        #expect(
            policy.selectors == [
                EgressSelector(
                    podSelector: LabelSelector(
                        matchLabels: ["io.kubernetes.pod.namespace": "default", "org": "empire"],
                        matchExpressions: [LabelRequirement(key: "class", operation: .notIn, values: ["a", "b"])]),
                    nodeSelector: LabelSelector(matchLabels: ["zone": "a"])),
                EgressSelector(namespaceSelector: LabelSelector()),
            ])
        #expect(policy.destinationCIDRs.map(\.description) == ["0.0.0.0/0", "10.0.0.0/8", "::/0"])
        #expect(policy.excludedCIDRs.map(\.description) == ["192.0.2.0/24"])
        #expect(
            policy.gateways.map(\.source) == [
                .address(try #require(IPAddress("2001:db8::1"))), .interface("a-very-long-alternative-name"), .defaultRoute,
            ])
    }

    @Test func `YAML and JSON of one policy are the same policy`() throws {
        let document = try #require(KubeReading(Self.full, file: "p.yaml").documents.first)
        let fromYAML = try #require(policyObject(Self.full)?.policy)
        for text in [document.json.text(), document.json.text(pretty: true), document.json.yamlText] {
            #expect(policyObject(text)?.policy == fromYAML)
        }
    }

    @Test func `a written policy reads back the same`() throws {
        let policy = try #require(policyObject(Self.full)?.policy)
        let again = try #require(policyObject(policy.manifest.yamlText)?.policy)
        #expect(again == policy)
    }

    @Test func `the example reads without a finding`() throws {
        let text = try exampleText()
        let policy = try #require(policyObject(text))
        #expect(policy.findings.isEmpty)
        #expect(policy.policy?.gateways.first?.source == IPAddress("198.51.100.100").map { .address($0) })
        #expect(policy.policy?.selectors.map { $0.podSelector?.description } == ["class=mediabot,org=empire"])
        #expect(policy.policy?.selectors.first?.nodeSelector == nil)
        #expect(policy.policy?.destinationCIDRs.map(\.description) == ["0.0.0.0/0", "::/0"])
    }
}
