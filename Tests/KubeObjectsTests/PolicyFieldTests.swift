import EgressModel
import JSONText
import KubeObjects
import Testing

private let object = "ciliumegressgatewaypolicy/p"

/// Each rule of a field that a user meets, with the place and with what to write instead.
@Suite struct PolicyFieldTests {
    static let errors: [(text: String, expected: String)] = [
        (
            policyText(destinations: #"["::ffff:10.1.0.0/112"]"#),
            "error EG2004 p.yaml:8:22 \(object) spec.destinationCIDRs[0]: \"::ffff:10.1.0.0/112\" is IPv4 written as IPv6: no packet has such a destination (write \"10.1.0.0/16\")"
        ),
        (
            policyText(destinations: #"["fe80::1%eth0/64"]"#),
            "error EG2004 p.yaml:8:22 \(object) spec.destinationCIDRs[0]: \"fe80::1%eth0/64\" is not a CIDR: a zone such as \"%eth0\" means something on one node only (write fe80::1/64)"
        ),
        (
            policyText(destinations: #"["10.0.00.0/8"]"#),
            "error EG2004 p.yaml:8:22 \(object) spec.destinationCIDRs[0]: \"10.0.00.0/8\" is not a CIDR: a number in it begins with 0, which some programs read as octal (write 10.0.0.0/8)"
        ),
        (
            policyText(destinations: #"[" 10.0.0.0/8"]"#),
            "error EG2004 p.yaml:8:22 \(object) spec.destinationCIDRs[0]: \" 10.0.0.0/8\" is not a CIDR: it has white space in it (write 10.0.0.0/8)"
        ),
        (
            policyText(destinations: #"["::/129"]"#),
            "error EG2004 p.yaml:8:22 \(object) spec.destinationCIDRs[0]: \"::/129\" is not a CIDR: the length goes from 0 to 128"
        ),
        (
            policyText(destinations: "[null]"),
            "error EG2003 p.yaml:8:22 \(object) spec.destinationCIDRs[0]: must be a string, not null"
        ),
        (
            policyText(destinations: "{a: b}"),
            "error EG2003 p.yaml:8:21 \(object) spec.destinationCIDRs: must be a list, not an object (begin each entry with \"- \")"
        ),
        (
            policyText(gateway: "[{nodeSelector: {}}]"),
            "error EG2003 p.yaml:9:18 \(object) spec.egressGateway: must be an object, not a list (remove the \"- \" before its first field)"
        ),
        (
            policyText(gateway: "{nodeSelector: {}, egressIP: \"::ffff:198.51.100.7\"}"),
            "error EG2005 p.yaml:9:47 \(object) spec.egressGateway.egressIP: \"::ffff:198.51.100.7\" is IPv4 written as IPv6: no packet has such a source (write 198.51.100.7)"
        ),
        (
            policyText(gateway: "{nodeSelector: {}, egressIP: \"fe80::1%eth0\"}"),
            "error EG2005 p.yaml:9:47 \(object) spec.egressGateway.egressIP: \"fe80::1%eth0\" is not an IP address: a zone such as \"%eth0\" means something on one node only (write fe80::1)"
        ),
        (
            policyText(gateway: "{nodeSelector: {}, egressIP: \"[2001:db8::1]\"}"),
            "error EG2005 p.yaml:9:47 \(object) spec.egressGateway.egressIP: \"[2001:db8::1]\" is not an IP address: brackets belong to an address with a port (write 2001:db8::1)"
        ),
        (
            policyText(gateway: "{nodeSelector: {}, egressIP: 224.0.0.1}"),
            "error EG2005 p.yaml:9:47 \(object) spec.egressGateway.egressIP: 224.0.0.1 can't be the source of packets that leave a node (not unspecified, loopback, link-local or multicast)"
        ),
        (
            policyText(gateway: "{nodeSelector: {}, egressIP: 255.255.255.255}"),
            "error EG2005 p.yaml:9:47 \(object) spec.egressGateway.egressIP: 255.255.255.255 can't be the source of packets that leave a node (not unspecified, loopback, link-local or multicast)"
        ),
        (
            policyText(gateway: "{nodeSelector: {}, egressIP: 169.254.1.1}"),
            "error EG2005 p.yaml:9:47 \(object) spec.egressGateway.egressIP: 169.254.1.1 can't be the source of packets that leave a node (not unspecified, loopback, link-local or multicast)"
        ),
        (
            policyText(gateway: "{nodeSelector: {}, egressIP: 12}"),
            "error EG2003 p.yaml:9:47 \(object) spec.egressGateway.egressIP: must be a string, not an integer (put the value in quotes)"
        ),
        (
            policyText(gateway: "{nodeSelector: null}"),
            "error EG2002 p.yaml:9:33 \(object) spec.egressGateway.nodeSelector: has no value (it says which node is the gateway; {} is any)"
        ),
        (
            policyText(selectors: "[{podSelector: null}]"),
            "error EG2010 p.yaml:7:15 \(object) spec.selectors[0]: has neither podSelector nor namespaceSelector (to select every pod, write podSelector: {})"
        ),
        (
            policyText(selectors: "{podSelector: {}}"),
            "error EG2003 p.yaml:7:14 \(object) spec.selectors: must be a list, not an object (begin each entry with \"- \")"
        ),
        (
            policyText(selectors: "[{podSelector: {matchLabels: {a: 1e3}}}]"),
            "error EG2003 p.yaml:7:47 \(object) spec.selectors[0].podSelector.matchLabels.a: must be a string, not a number (put the value in quotes)"
        ),
        (
            policyText(selectors: "[{podSelector: {matchLabels: {a: 010}}}]"),
            "error EG2003 p.yaml:7:47 \(object) spec.selectors[0].podSelector.matchLabels.a: must be a string, not an integer (put the value in quotes)"
        ),
        (
            policyText(selectors: "[{podSelector: {matchLabels: {a: null}}}]"),
            "error EG2003 p.yaml:7:47 \(object) spec.selectors[0].podSelector.matchLabels.a: must be a string, not null"
        ),
        (
            policyText(selectors: "[{namespaceSelector: {matchLabels: {a: off}}}]"),
            "error EG2003 p.yaml:7:53 \(object) spec.selectors[0].namespaceSelector.matchLabels.a: must be a string, not a boolean (put the value in quotes)"
        ),
        (
            policyText(selectors: "[{podSelector: {matchLabels: {a: \(String(repeating: "x", count: 64))}}}]"),
            "error EG2009 p.yaml:7:47 \(object) spec.selectors[0].podSelector.matchLabels.a: \"\(String(repeating: "x", count: 64))\" is not a label value (letters, digits, '-', '_' and '.', at most 63, a letter or digit at both ends)"
        ),
        (
            policyText(selectors: "[{podSelector: {matchExpressions: [{key: a, operator: NotIn, values: []}]}}]"),
            "error EG2009 p.yaml:7:83 \(object) spec.selectors[0].podSelector.matchExpressions[0].values: NotIn needs at least one value (to ask only whether the label is there, use Exists or DoesNotExist)"
        ),
        (
            policyText(selectors: "[{podSelector: {matchExpressions: [{key: a, operator: DoesNotExist, values: [\"\"]}]}}]"),
            "error EG2009 p.yaml:7:90 \(object) spec.selectors[0].podSelector.matchExpressions[0].values: DoesNotExist takes no values"
        ),
        (
            policyText(annotations: "{kubectl-egress.dev/priority: \"2147483648\"}"),
            "error EG2011 p.yaml:5:46 \(object) metadata.annotations[kubectl-egress.dev/priority]: \"2147483648\" is out of range: -2147483648 to 2147483647 (such as \"10\"; higher wins, the default is 0)"
        ),
        (
            policyText(annotations: "{kubectl-egress.dev/priority: \"1.5\"}"),
            "error EG2011 p.yaml:5:46 \(object) metadata.annotations[kubectl-egress.dev/priority]: \"1.5\" is not an integer (such as \"10\"; higher wins, the default is 0)"
        ),
        (
            policyText(annotations: "{kubectl-egress.dev/on-no-gateway: Drop}"),
            "error EG2011 p.yaml:5:51 \(object) metadata.annotations[kubectl-egress.dev/on-no-gateway]: \"Drop\" is not known (did you mean drop?)"
        ),
        (
            policyText(annotations: "{\"bad key\": x}"),
            "error EG2003 p.yaml:5:17 \(object) metadata.annotations[bad key]: \"bad key\" is not an annotation's key (a key is NAME or PREFIX/NAME; a name has letters, digits, '-', '_' and '.', at most 63)"
        ),
        (
            policyText().replacing("  name: p", with: "  name: p\n  labels: {team: \"a b\"}"),
            "error EG2003 p.yaml:5:18 \(object) metadata.labels.team: \"a b\" is not a label value (letters, digits, '-', '_' and '.', at most 63, a letter or digit at both ends)"
        ),
        (
            policyText().replacing("  name: p", with: "  name: p\n  labels: {team: 7}"),
            "error EG2003 p.yaml:5:18 \(object) metadata.labels.team: must be a string, not an integer (put the value in quotes)"
        ),
        (
            policyText().replacing("cilium.io/v2", with: "cilium.io/v2alpha1"),
            "error EG2015 p.yaml:1:13 \(object) apiVersion: CiliumEgressGatewayPolicy has no version \"cilium.io/v2alpha1\" in any release (write apiVersion: cilium.io/v2)"
        ),
    ]

    static let warnings: [(text: String, expected: String)] = [
        (
            policyText(destinations: #"["10.0.0.0/8", "::/0", "10.0.0.0/8"]"#),
            "warning EG2070 p.yaml:8:44 \(object) spec.destinationCIDRs[2]: 10.0.0.0/8 stands twice, first as spec.destinationCIDRs[0] (remove one of them)"
        ),
        (
            policyText(gateway: "null", more: "  egressGateways: [{nodeSelector: {}}, {nodeSelector: {}}]"),
            "warning EG2070 p.yaml:10:40 \(object) spec.egressGateways[1]: says the same as spec.egressGateways[0]: its node gets a double share of the pods (remove one of them)"
        ),
        (
            policyText(selectors: "[]"),
            "warning EG2014 p.yaml:7:14 \(object) spec.selectors: is empty: the policy selects no pod (for every pod, write - podSelector: {})"
        ),
        (
            policyText().replacing("  name: p", with: "  name: p\n  namespace: shop"),
            "warning EG2007 p.yaml:5:3 \(object) metadata.namespace: has no effect: CiliumEgressGatewayPolicy belongs to the whole cluster (remove it; a namespaceSelector chooses the pods' namespaces)"
        ),
        (
            policyText().replacing("  name: p", with: "  name: p\n  label: {a: b}"),
            "warning EG2007 p.yaml:5:3 \(object) metadata.label: unknown field, it has no effect (did you mean labels?)"
        ),
        (policyText(more: "status: {}").replacing("status", with: "statsu"), unknown(10, 1, "statsu", "did you mean status?")),
        (
            policyText(more: "  podSelector: {}"),
            unknown(10, 3, "spec.podSelector", "belongs into an entry of selectors")
        ),
        (
            policyText(more: "  toFQDNs: []"),
            unknown(10, 3, "spec.toFQDNs", "only addresses can be destinations: destinationCIDRs", of: "CiliumNetworkPolicy")
        ),
        (
            policyText(more: "  destinationFQDNs: []"),
            unknown(10, 3, "spec.destinationFQDNs", "only addresses can be destinations: destinationCIDRs")
        ),
        (
            policyText(more: "  ports: [443]"),
            unknown(
                10, 3, "spec.ports",
                "a policy holds for every port and protocol: leave it out; which ports a pod may use, a NetworkPolicy says")
        ),
        (
            policyText(more: "  egressSourceIP: 198.51.100.1"),
            unknown(10, 3, "spec.egressSourceIP", "its name is egressGateway.egressIP now", of: "the former CiliumEgressNATPolicy")
        ),
        (
            policyText(more: "  egress: []"),
            unknown(
                10, 3, "spec.egress",
                "its podSelector and namespaceSelector go to an entry of selectors, destinations go to destinationCIDRs",
                of: "the former CiliumEgressNATPolicy")
        ),
        (
            policyText(more: "  egressGroups: []"),
            unknown(
                10, 3, "spec.egressGroups", "write one entry of egressGateways for each group",
                of: "Isovalent's IsovalentEgressGatewayPolicy")
        ),
        (
            policyText(more: "  appliedTo: {}"),
            unknown(
                10, 3, "spec.appliedTo", "write its podSelector and namespaceSelector as an entry of selectors", of: "Antrea's Egress")
        ),
        (
            policyText(selectors: "[{podSelector: {}, namespaces: [a]}]"),
            unknown(
                7, 33, "spec.selectors[0].namespaces", "write it as namespaceSelector with the label kubernetes.io/metadata.name")
        ),
        (
            policyText(gateway: "{nodeSelector: {}, maxGatewayNodes: 2}"),
            unknown(
                9, 37, "spec.egressGateway.maxGatewayNodes", "not supported; one node is chosen for each entry of egressGateways",
                of: "Isovalent's IsovalentEgressGatewayPolicy")
        ),
        (
            policyText(gateway: "{nodeSelector: {}, egresIP: 198.51.100.1}"),
            unknown(9, 37, "spec.egressGateway.egresIP", "did you mean egressIP?")
        ),
        (
            policyText(selectors: "[{podSelector: {matchLabel: {a: b}}}]"),
            unknown(7, 30, "spec.selectors[0].podSelector.matchLabel", "did you mean matchLabels?")
        ),
    ]

    private static func unknown(_ line: Int, _ column: Int, _ field: String, _ hint: String, of owner: String? = nil) -> String {
        "warning EG2007 p.yaml:\(line):\(column) \(object) \(field): unknown field, it has no effect"
            + (owner.map { "; it is of \($0)" } ?? "") + " (\(hint))"
    }

    @Test(arguments: errors) func `a wrong value rejects the policy`(text: String, expected: String) throws {
        let policy = try #require(policyObject(text))
        #expect(policy.policy == nil)
        #expect(policy.findings.map(line) == [expected])
    }

    @Test(arguments: warnings) func `what has no effect is a warning`(text: String, expected: String) throws {
        let policy = try #require(policyObject(text))
        #expect(policy.policy != nil)
        #expect(policy.findings.filter { $0.code != .gatewayIgnored }.map(line) == [expected])
    }

    /// The finder of places in JSON walks the text by itself: it has to come to the same field.
    @Test(arguments: errors + warnings) func `JSON gives the same findings, each at the text of its field`(
        text: String, expected: String
    ) throws {
        let inYAML = try #require(policyObject(text))
        let json = try #require(KubeReading(text, file: "p.yaml").documents.first).json.text(pretty: true)
        let inJSON = try #require(policyObject(json))
        #expect(
            inJSON.findings.map { "\($0.code) \($0.field ?? "") \($0.message)" }
                == inYAML.findings.map { "\($0.code) \($0.field ?? "") \($0.message)" })
        let lines = json.split(separator: "\n", omittingEmptySubsequences: false)
        for finding in inJSON.findings {
            let place = try #require(finding.place)
            let rest = try #require(lines.indices.contains(place.line - 1) ? lines[place.line - 1] : nil).dropFirst(place.column - 1)
            #expect(rest.first.map { !$0.isWhitespace } == true, "\(place): \(rest)")
        }
    }

    @Test func `empty egressIP and interface count as absent, as in Cilium`() throws {
        let policy = try #require(policyObject(policyText(gateway: "{nodeSelector: {}, egressIP: \"\", interface: \"\"}")))
        #expect(policy.findings.isEmpty)
        #expect(policy.policy?.gateways.first?.source == .defaultRoute)
    }

    @Test func `64 gateways are not too many`() throws {
        let list = (0..<64).map { "{nodeSelector: {matchLabels: {n: \"\($0)\"}}}" }.joined(separator: ", ")
        let text = policyText(more: "  egressGateways: [\(list)]").replacing("  egressGateway: {nodeSelector: {}}\n", with: "")
        #expect(policyObject(text)?.policy?.gateways.count == 64)
    }

    @Test func `a label of 63 characters and a key of 253 and 63 are allowed, one more is not`() throws {
        func findings(_ key: String, _ value: String) -> Int? {
            policyObject(policyText(selectors: "[{podSelector: {matchLabels: {\"\(key)\": \"\(value)\"}}}]"))?.findings.count
        }
        func x(_ count: Int) -> String { String(repeating: "x", count: count) }
        #expect(findings("\(x(253))/\(x(63))", x(63)) == 0)
        #expect(findings("\(x(254))/a", "v") == 1)
        #expect(findings(x(64), "v") == 1)
        #expect(findings("a", x(64)) == 1)
    }

    @Test(arguments: [
        ("a: b\n\tc: d", "a tab can't indent in YAML: use spaces"),
        ("spec:\n  \tselectors: []\n \t a: b", "a tab can't indent in YAML: use spaces"),
    ])
    func `a tab is named`(text: String, hint: String) throws {
        let finding = try #require(KubeReading(text, file: "f").findings.first)
        #expect(finding.hint == hint)
        #expect(finding.place?.file == "f")
    }

    @Test func `a template is named`() {
        let findings = KubeReading("{{- if .Values.x }}\na: b\n", file: "f").findings
        #expect(findings.map(\.hint) == ["this is a template: read what it makes, as of helm template"])
    }

    @Test(arguments: [
        (policyText(more: "  selectors: []"), "p.yaml:7:3: the key \"selectors\" stands twice"),
        (#"{"kind": "x", "kind": "y"}"#, "p.yaml:1:15: not JSON: the key \"kind\" stands twice"),
    ])
    func `a key that stands twice has its place`(text: String, expected: String) {
        let findings = KubeReading(text, file: "p.yaml").findings
        #expect(findings.map { "\($0.place?.description ?? ""): \($0.message)" } == [expected])
    }

    @Test func `anchors and merged objects are read as what they stand for`() throws {
        let text = policyText(selectors: "[{podSelector: &a {matchLabels: {org: empire}}}, {podSelector: {<<: *a}}, {podSelector: *a}]")
        let policy = try #require(policyObject(text)?.policy)
        #expect(Set(policy.selectors).count == 1)
    }

    @Test(arguments: [
        ("k8s.ovn.org/v1", "EgressIP", "OVN-Kubernetes"), ("projectcalico.org/v3", "EgressGatewayPolicy", "Calico"),
        ("crd.antrea.io/v1beta1", "Egress", "Antrea"), ("crd.antrea.io/v1alpha2", "ExternalIPPool", "Antrea"),
        ("isovalent.com/v1", "IsovalentEgressGatewayPolicy", "Isovalent Enterprise for Cilium"),
        ("egressgateway.spidernet.io/v1beta1", "EgressPolicy", "Spidernet EgressGateway"),
        ("kubeovn.io/v1", "VpcEgressGateway", "Kube-OVN"),
        ("coil.cybozu.com/v2", "Egress", "Coil"),
    ])
    func `a kind of another product is named as its own`(apiVersion: String, kind: String, product: String) throws {
        let text = "apiVersion: \(apiVersion)\nkind: \(kind)\nmetadata: {name: x}\n"
        let document = try #require(KubeReading(text, file: "f").documents.first)
        let finding = try #require(document.foreignKindFinding)
        #expect(finding.message.contains("belongs to \(product);"))
        #expect(finding.place?.description == "f:2:7")
        #expect(finding.hint?.hasPrefix("as CiliumEgressGatewayPolicy, cilium.io/v2: ") == true)
        // A snapshot of a cluster that has it besides isn't worth a word.
        #expect(document.decoded().findings.isEmpty)
    }

    @Test func `a kind of the same name in a group that nobody knows is nobody's`() throws {
        let text = "apiVersion: example.com/v1\nkind: Egress\nmetadata: {name: x}\n"
        #expect(try #require(KubeReading(text, file: "f").documents.first).foreignKindFinding == nil)
    }
}
