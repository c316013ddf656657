import EgressModel
import KubeObjects
import Testing

private let object = "ciliumegressgatewaypolicy/p"

@Suite struct PolicyErrorTests {
    @Test(arguments: [
        (
            policyText(destinations: #"["10.0.0.0/33"]"#),
            "error EG2004 p.yaml:8:22 \(object) spec.destinationCIDRs[0]: \"10.0.0.0/33\" is not a CIDR: the length goes from 0 to 32"
        ),
        (
            policyText(destinations: #"["10.0.0.1"]"#),
            "error EG2004 p.yaml:8:22 \(object) spec.destinationCIDRs[0]: \"10.0.0.1\" is an address, not a CIDR (write \"10.0.0.1/32\" for this address alone)"
        ),
        (
            policyText(destinations: #"["::/0", "api.github.com"]"#),
            "error EG2004 p.yaml:8:30 \(object) spec.destinationCIDRs[1]: \"api.github.com\" is not a CIDR (only addresses can be destinations, names can't)"
        ),
        (
            policyText(destinations: "0.0.0.0/0"),
            "error EG2003 p.yaml:8:21 \(object) spec.destinationCIDRs: must be a list, not a string (write [\"VALUE\"], or each entry on a line of its own after \"- \")"
        ),
        (
            policyText(destinations: "[10]"),
            "error EG2003 p.yaml:8:22 \(object) spec.destinationCIDRs[0]: must be a string, not an integer (put the value in quotes)"
        ),
        (
            policyText(destinations: "null"),
            "error EG2002 p.yaml:8:21 \(object) spec.destinationCIDRs: has no value (for every destination, write \"0.0.0.0/0\" and \"::/0\")"
        ),
        (
            policyText(more: "  excludedCIDRs: [\"10.0.0.0/8\", \"nonsense\"]"),
            "error EG2004 p.yaml:10:33 \(object) spec.excludedCIDRs[1]: \"nonsense\" is not a CIDR (only addresses can be destinations, names can't)"
        ),
        (
            policyText(selectors: "null"),
            "error EG2002 p.yaml:7:14 \(object) spec.selectors: has no value (a list of rules, each with a podSelector or a namespaceSelector)"
        ),
        (
            policyText(selectors: "[{nodeSelector: {}}]"),
            "error EG2010 p.yaml:7:15 \(object) spec.selectors[0]: has neither podSelector nor namespaceSelector (to select every pod, write podSelector: {})"
        ),
        (
            policyText(selectors: "[{podSelector: {matchLabels: {org: yes}}}]"),
            "error EG2003 p.yaml:7:49 \(object) spec.selectors[0].podSelector.matchLabels.org: must be a string, not a boolean (put the value in quotes)"
        ),
        (
            policyText(selectors: "[{podSelector: {matchLabels: {org: \"a b\"}}}]"),
            "error EG2009 p.yaml:7:49 \(object) spec.selectors[0].podSelector.matchLabels.org: \"a b\" is not a label value (letters, digits, '-', '_' and '.', at most 63, a letter or digit at both ends)"
        ),
        (
            policyText(selectors: "[{podSelector: {matchLabels: {\"a/b/c\": x}}}]"),
            "error EG2009 p.yaml:7:53 \(object) spec.selectors[0].podSelector.matchLabels[a/b/c]: \"a/b/c\" is not a label key (a key is NAME or PREFIX/NAME; a name has letters, digits, '-', '_' and '.', at most 63)"
        ),
        (
            policyText(selectors: "[{podSelector: {matchExpressions: [{key: a, operator: NotExists}]}}]"),
            "error EG2009 p.yaml:7:68 \(object) spec.selectors[0].podSelector.matchExpressions[0].operator: \"NotExists\" is not an operator (did you mean DoesNotExist?)"
        ),
        (
            policyText(selectors: "[{podSelector: {matchExpressions: [{key: a, operator: In}]}}]"),
            "error EG2009 p.yaml:7:49 \(object) spec.selectors[0].podSelector.matchExpressions[0].values: In needs at least one value (to ask only whether the label is there, use Exists or DoesNotExist)"
        ),
        (
            policyText(selectors: "[{podSelector: {matchExpressions: [{key: a, operator: Exists, values: [b]}]}}]"),
            "error EG2009 p.yaml:7:84 \(object) spec.selectors[0].podSelector.matchExpressions[0].values: Exists takes no values"
        ),
        (
            policyText(selectors: "[{podSelector: {matchExpressions: [{operator: Exists}]}}]"),
            "error EG2002 p.yaml:7:49 \(object) spec.selectors[0].podSelector.matchExpressions[0].key: is missing"
        ),
        (
            policyText(selectors: "[{podSelector: {matchLabels: {\"k8s:a\": b, a: c}}}]"),
            "error EG2009 p.yaml:7:59 \(object) spec.selectors[0].podSelector.matchLabels.a: the label a is asked for twice, as \"b\" and as \"c\""
        ),
        (
            policyText().replacing("  selectors: [{podSelector: {}}]\n", with: ""),
            "error EG2002 p.yaml:6:1 \(object) spec.selectors: is missing (a list of rules, each with a podSelector or a namespaceSelector)"
        ),
        (
            policyText(gateway: "null"),
            "error EG2002 p.yaml:9:18 \(object) spec.egressGateway: has no value (egressGateway.nodeSelector says which node is the gateway)"
        ),
        (
            policyText(gateway: "{egressIP: 198.51.100.1}"),
            "error EG2002 p.yaml:9:3 \(object) spec.egressGateway.nodeSelector: is missing (it says which node is the gateway; {} is any)"
        ),
        (
            policyText(gateway: "{nodeSelector: {}, egressIP: 198.51.100.1, interface: eth0}"),
            "error EG2006 p.yaml:9:37 \(object) spec.egressGateway.egressIP: egressIP and interface exclude each other (keep egressIP for one certain address, or interface for the first address of an interface)"
        ),
        (
            policyText(gateway: "{nodeSelector: {}, egressIP: 198.51.100.300}"),
            "error EG2005 p.yaml:9:47 \(object) spec.egressGateway.egressIP: \"198.51.100.300\" is not an IP address (such as 198.51.100.100 or 2001:db8::100)"
        ),
        (
            policyText(gateway: "{nodeSelector: {}, egressIP: 198.51.100.1/32}"),
            "error EG2005 p.yaml:9:47 \(object) spec.egressGateway.egressIP: \"198.51.100.1/32\" is not an IP address (an address without a length)"
        ),
        (
            policyText(gateway: "{nodeSelector: {}, egressIP: 127.0.0.1}"),
            "error EG2005 p.yaml:9:47 \(object) spec.egressGateway.egressIP: 127.0.0.1 can't be the source of packets that leave a node (not unspecified, loopback, link-local or multicast)"
        ),
        (
            policyText(gateway: "{nodeSelector: {}, interface: \"eth0/1\"}"),
            "error EG2003 p.yaml:9:48 \(object) spec.egressGateway.interface: \"eth0/1\" is not the name of an interface (at most 15 bytes, or 127 for an alternative name, without '/', ':' and white space)"
        ),
        (
            policyText(annotations: "{kubectl-egress.dev/priority: high}"),
            "error EG2011 p.yaml:5:46 \(object) metadata.annotations[kubectl-egress.dev/priority]: \"high\" is not an integer (such as \"10\"; higher wins, the default is 0)"
        ),
        (
            policyText(annotations: "{kubectl-egress.dev/priority: 10}"),
            "error EG2003 p.yaml:5:46 \(object) metadata.annotations[kubectl-egress.dev/priority]: must be a string, not an integer (put the value in quotes)"
        ),
        (
            policyText(annotations: "{kubectl-egress.dev/on-no-gateway: allow}"),
            "error EG2011 p.yaml:5:51 \(object) metadata.annotations[kubectl-egress.dev/on-no-gateway]: \"allow\" is not known (drop (the default) or bypass)"
        ),
        (
            policyText(annotations: "{kubectl-egress.dev/strategy: s, kubectl-egress.dev/strategy-config: \"[1]\"}"),
            "error EG2011 p.yaml:5:85 \(object) metadata.annotations[kubectl-egress.dev/strategy-config]: must be a JSON object, not a list"
        ),
        (
            policyText().replacing("name: p", with: "name: P_1"),
            "error EG2003 p.yaml:4:9 ciliumegressgatewaypolicy/P_1 metadata.name: \"P_1\" is not a name (lower-case letters, digits, '-' and '.', at most 253, a letter or digit at both ends)"
        ),
        (
            policyText().replacing("cilium.io/v2", with: "cilium.io/v1alpha1"),
            "error EG2015 p.yaml:1:13 \(object) apiVersion: CiliumEgressGatewayPolicy has no version \"cilium.io/v1alpha1\" in any release (write apiVersion: cilium.io/v2)"
        ),
    ])
    func `an invalid field rejects the policy and is named with its place`(text: String, expected: String) throws {
        let policy = try #require(policyObject(text))
        #expect(policy.policy == nil)
        #expect(policy.findings.map(line) == [expected])
    }

    @Test(arguments: [
        (
            policyText(destinations: "[]"),
            "warning EG2012 p.yaml:8:21 \(object) spec.destinationCIDRs: is empty: the policy claims nothing (for every destination, write \"0.0.0.0/0\" and \"::/0\")"
        ),
        (
            policyText(destinations: #"["10.1.2.3/8"]"#),
            "warning EG2008 p.yaml:8:22 \(object) spec.destinationCIDRs[0]: \"10.1.2.3/8\" has host bits set; 10.0.0.0/8 is used (write \"10.0.0.0/8\")"
        ),
        (
            policyText(more: "  excludeCIDRs: []"),
            "warning EG2007 p.yaml:10:3 \(object) spec.excludeCIDRs: unknown field, it has no effect (did you mean excludedCIDRs?)"
        ),
        (
            policyText(more: "  ippools: [a]"),
            "warning EG2007 p.yaml:10:3 \(object) spec.ippools: unknown field, it has no effect; it is of Spidernet's EgressGateway (there are no pools here: name one address as egressGateway.egressIP, or use the annotation kubectl-egress.dev/strategy)"
        ),
        (
            policyText(gateway: "{nodeSelector: {}, egressIPs: [198.51.100.1]}"),
            "warning EG2007 p.yaml:9:37 \(object) spec.egressGateway.egressIPs: unknown field, it has no effect (one address goes to egressIP; for several, one entry of egressGateways each)"
        ),
        (
            policyText(more: "  egressGateways: [{nodeSelector: {}}]"),
            "info EG2016 p.yaml:9:3 \(object) spec.egressGateway: is ignored, as egressGateways has entries"
        ),
        (
            policyText(annotations: "{kubectl-egress.dev/priorty: \"1\"}"),
            "warning EG2007 p.yaml:5:17 \(object) metadata.annotations[kubectl-egress.dev/priorty]: unknown annotation, it has no effect (did you mean kubectl-egress.dev/priority?)"
        ),
        (
            policyText(annotations: "{kubectl-egress.dev/strategy-config: \"{}\"}"),
            "warning EG2011 p.yaml:5:17 \(object) metadata.annotations[kubectl-egress.dev/strategy-config]: has no effect without a strategy (name the strategy by kubectl-egress.dev/strategy)"
        ),
    ])
    func `a warning keeps the policy`(text: String, expected: String) throws {
        let policy = try #require(policyObject(text))
        #expect(policy.policy != nil)
        #expect(policy.findings.map(line) == [expected])
    }

    @Test func `every error is reported at once, the worse first`() throws {
        let text = policyText(destinations: #"["x", "10.1.1.1/8"]"#, gateway: "{egressIP: nope}", more: "  foo: 1")
        let codes = try #require(policyObject(text)).findings.map(\.code.rawValue)
        #expect(codes == ["EG2002", "EG2004", "EG2005", "EG2007", "EG2008"])
    }

    /// Whoever mended the version had to come back for the field that no version has.
    @Test func `a version that is none keeps no other error from being said`() throws {
        let text = policyText(destinations: #"["x"]"#, more: "  ippools: [a]").replacing("cilium.io/v2", with: "cilium.io/v1alpha1")
        let policy = try #require(policyObject(text))
        #expect(policy.policy == nil)
        #expect(policy.findings.map(\.code.rawValue) == ["EG2004", "EG2015", "EG2007"])
    }

    @Test func `more than 64 gateways are too many`() throws {
        let list = Array(repeating: "{nodeSelector: {}}", count: 65).joined(separator: ", ")
        let policy = try #require(policyObject(policyText(more: "  egressGateways: [\(list)]")))
        #expect(policy.policy == nil)
        #expect(policy.findings.map(\.message) == ["has 65 entries, at most 64 are allowed"])
    }

    @Test func `places in JSON are as exact as in YAML`() throws {
        let text = """
            {
              "apiVersion": "cilium.io/v2", "kind": "CiliumEgressGatewayPolicy", "metadata": {"name": "p"},
              "spec": {
                "selectors": [{"podSelector": {}}],
                "destinationCIDRs": ["0.0.0.0/0", "10.0.0.0/33"], "extra": 1,
                "egressGateway": {"nodeSelector": {}}
              }
            }
            """
        #expect(
            lines(text) == [
                "error EG2004 p.yaml:5:39 \(object) spec.destinationCIDRs[1]: \"10.0.0.0/33\" is not a CIDR: the length goes from 0 to 32",
                "warning EG2007 p.yaml:5:55 \(object) spec.extra: unknown field, it has no effect (known here: selectors, destinationCIDRs, excludedCIDRs, egressGateway, egressGateways)",
            ])
    }
}
