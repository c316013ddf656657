import EgressModel
import JSONText
import KubeObjects
import Testing

/// What is wrong in a network policy is said with its place, and such a policy has no parts.
@Suite struct NetworkPolicyDecodingTests {
    private func policy(_ kind: NetworkPolicyObject.Kind, _ spec: String) throws -> NetworkPolicyObject {
        let text = "{apiVersion: \(kind.apiVersion), kind: \(kind.rawValue), metadata: {name: p}, spec: \(spec)}"
        let snapshot = clusterSnapshot(from: KubeReading(text, file: "f"))
        #expect(snapshot.isComplete, "network policies have no part in planning")
        #expect(snapshot.findings == [], "a policy carries its findings itself")
        return try #require(snapshot.networkPolicies.policies.first)
    }

    @Test(arguments: [
        ("egress: []", "EG2002 spec.podSelector: is missing"),
        ("podSelector: {}, policyTypes: [egress]", "EG2003 spec.policyTypes[0]: \"egress\" is not known"),
        ("podSelector: {}, egres: []", "EG2007 spec.egres: unknown field, it has no effect"),
        ("podSelector: {}, egress: {}", "EG2003 spec.egress: must be a list, not an object"),
        ("podSelector: {}, egress: [{from: []}]", "EG2007 spec.egress[0].from: unknown field, it has no effect"),
        ("podSelector: {}, egress: [{to: [{}]}]", "EG2002 spec.egress[0].to[0]: names no peer"),
        (
            "podSelector: {}, egress: [{to: [{podSelector: {}, ipBlock: {cidr: 0.0.0.0/0}}]}]",
            "EG2003 spec.egress[0].to[0].ipBlock: stands alone: a peer with ipBlock has no selectors"
        ),
        ("podSelector: {}, egress: [{to: [{ipBlock: {}}]}]", "EG2002 spec.egress[0].to[0].ipBlock.cidr: is missing"),
        (
            "podSelector: {}, egress: [{to: [{ipBlock: {cidr: 10.0.0.0}}]}]",
            "EG2004 spec.egress[0].to[0].ipBlock.cidr: \"10.0.0.0\" is not a CIDR"
        ),
        (
            "podSelector: {}, egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8, except: [11.0.0.0/24]}}]}]",
            "EG2004 spec.egress[0].to[0].ipBlock.except[0]: 11.0.0.0/24 is not inside of 10.0.0.0/8"
        ),
        ("podSelector: {}, egress: [{ports: [{port: 0}]}]", "EG2003 spec.egress[0].ports[0].port: a port is from 1 to 65535"),
        ("podSelector: {}, egress: [{ports: [{port: 70000}]}]", "EG2003 spec.egress[0].ports[0].port: is out of range: 0 to 65535"),
        (
            "podSelector: {}, egress: [{ports: [{port: 9, endPort: 8}]}]",
            "EG2003 spec.egress[0].ports[0].endPort: 8 is below the first port, 9"
        ),
        (
            "podSelector: {}, egress: [{ports: [{endPort: 8}]}]",
            "EG2003 spec.egress[0].ports[0].endPort: needs port, the first of the range"
        ),
        (
            "podSelector: {}, egress: [{ports: [{port: http, endPort: 8}]}]",
            "EG2003 spec.egress[0].ports[0].endPort: needs a port that is a number, not a name"
        ),
        ("podSelector: {}, egress: [{ports: [{port: \"80\"}]}]", "EG2003 spec.egress[0].ports[0].port: \"80\" is not a port's name"),
        ("podSelector: {}, egress: [{ports: [{protocol: tcp}]}]", "EG2003 spec.egress[0].ports[0].protocol: \"tcp\" is not a protocol"),
        (
            "podSelector: {matchExpressions: [{key: a, operator: Is}]}",
            "EG2009 spec.podSelector.matchExpressions[0].operator: \"Is\" is not an operator"
        ),
    ])
    func `fields of NetworkPolicy`(spec: String, expected: String) throws {
        let policy = try policy(.kubernetes, "{\(spec)}")
        #expect(policy.findings.map(line) == [expected])
        #expect(policy.parts == nil)
        #expect(
            policy.findings.allSatisfy { $0.place?.line == 1 && $0.object?.kind == "NetworkPolicy" && $0.object?.namespace == "default" })
    }

    @Test(arguments: [
        ("egress: [{}]", "EG2002 spec.endpointSelector: is missing"),
        ("endpointSelector: {}, nodeSelector: {}", "EG2003 spec.nodeSelector: excludes endpointSelector"),
        ("nodeSelector: {}", "EG2003 spec.nodeSelector: is for CiliumClusterwideNetworkPolicy alone"),
        ("endpointSelector: {}, egress: [{toCIDR: [x]}]", "EG2004 spec.egress[0].toCIDR[0]: \"x\" is not a CIDR"),
        (
            "endpointSelector: {}, egress: [{toCIDRSet: [{cidr: 10.0.0.1}]}]",
            "EG2004 spec.egress[0].toCIDRSet[0].cidr: \"10.0.0.1\" is not a CIDR"
        ),
        ("endpointSelector: {}, egress: [{toEntities: [wrold]}]", "EG2003 spec.egress[0].toEntities[0]: \"wrold\" is not an entity"),
        ("endpointSelector: {}, egress: [{toFQDNs: [{}]}]", "EG2002 spec.egress[0].toFQDNs[0].matchPattern: is missing"),
        (
            "endpointSelector: {}, egress: [{toFQDNs: [{matchName: \"*.x\"}]}]",
            "EG2003 spec.egress[0].toFQDNs[0].matchName: \"*.x\" is not a name"
        ),
        (
            "endpointSelector: {}, egressDeny: [{toFQDNs: [{matchName: x}]}]",
            "EG2003 spec.egressDeny[0].toFQDNs: is for egress alone: names can't be denied"
        ),
        ("endpointSelector: {}, egress: [{toPorts: [{ports: [{}]}]}]", "EG2002 spec.egress[0].toPorts[0].ports[0].port: is missing"),
        (
            "endpointSelector: {}, egress: [{toPorts: [{ports: [{port: 80}]}]}]",
            "EG2003 spec.egress[0].toPorts[0].ports[0].port: must be a string, not an integer"
        ),
        (
            "endpointSelector: {}, egress: [{toPorts: [{ports: [{port: \"70000\"}]}]}]",
            "EG2003 spec.egress[0].toPorts[0].ports[0].port: \"70000\" is neither a port's number nor its name"
        ),
        (
            "endpointSelector: {}, egress: [{toPorts: [{ports: [{port: \"80\", protocol: QUIC}]}]}]",
            "EG2003 spec.egress[0].toPorts[0].ports[0].protocol: \"QUIC\" is not a protocol"
        ),
        ("endpointSelector: {}, egress: [{toSomewhere: []}]", "EG2007 spec.egress[0].toSomewhere: unknown field, it has no effect"),
    ])
    func `fields of CiliumNetworkPolicy`(spec: String, expected: String) throws {
        let policy = try policy(.cilium, "{\(spec)}")
        #expect(policy.findings.map(line) == [expected])
        #expect(policy.parts == nil)
    }

    private func line(_ finding: Finding) -> String { "\(finding.code) \(finding.field ?? "-"): \(finding.message)" }

    @Test func `a version that isn't read is a policy that isn't understood`() throws {
        for (version, kind) in [("cilium.io/v2alpha1", "CiliumNetworkPolicy"), ("extensions/v1beta1", "NetworkPolicy")] {
            let snapshot = clusterSnapshot(
                from: KubeReading("{apiVersion: \(version), kind: \(kind), metadata: {name: p}, spec: {podSelector: {}}}", file: "f"))
            #expect(snapshot.isComplete)
            let policy = try #require(snapshot.networkPolicies.policies.first)
            #expect(policy.parts == nil)
            #expect(policy.findings.map(\.code) == [.unknownKind])
        }
    }

    @Test func `of two documents for one policy the last counts, and groups keep kinds apart`() {
        let text = """
            {apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: p}, spec: {podSelector: {}, policyTypes: [Egress]}}
            ---
            {apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: p, namespace: default}, spec: {podSelector: {}}}
            ---
            {apiVersion: crd.antrea.io/v1beta1, kind: NetworkPolicy, metadata: {name: p}}
            """
        let snapshot = clusterSnapshot(from: KubeReading(text, file: "f"))
        #expect(snapshot.findings.map(\.code) == [.duplicateObject])
        #expect(snapshot.networkPolicies.policies.map { $0.parts?.map(\.isolates) } == [[false]])
        #expect(snapshot.networkPolicies.notEvaluated.map(\.group) == ["crd.antrea.io"])
        #expect(snapshot.networkPolicies.notEvaluated.map(\.reference.namespace) == ["default"])
    }

    @Test func `names that are said by halves are not all names`() {
        let text = """
            apiVersion: kubectl-egress.dev/v1alpha1
            kind: DNSFacts
            metadata: {name: seen}
            complete: true
            names: [{name: a.example, addresses: [192.0.2.1, nonsense]}]
            """
        let snapshot = clusterSnapshot(from: KubeReading(text, file: "f"))
        #expect(snapshot.findings.map(\.code) == [.invalidAddress])
        #expect(!snapshot.networkPolicies.hasEveryName)
        #expect(snapshot.networkPolicies.names.map(\.addresses.count) == [1])
    }

    @Test func `how Cilium enforces is read from its configuration`() {
        let text = """
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: cilium-config, namespace: kube-system}
            data: {enable-policy: always, enable-k8s-networkpolicy: "false", policy-cidr-match-mode: nodes}
            """
        let snapshot = clusterSnapshot(from: KubeReading(text, file: "f"))
        #expect(
            snapshot.networkPolicies.cilium
                == CiliumEnforcement(
                    source: "configmap/kube-system/cilium-config", mode: .always, enforcesKubernetes: false, blocksHoldNodes: true))
    }

    /// Bounded; the same input on every run.
    @Test func `changed policies are read or refused, and never trap`() {
        let seeds = [
            """
            apiVersion: networking.k8s.io/v1
            kind: NetworkPolicy
            metadata: {name: p, namespace: n}
            spec: {podSelector: {matchLabels: {a: b}}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}, {namespaceSelector: {}}], ports: [{port: 80, endPort: 90}, {port: http, protocol: UDP}]}]}
            """,
            """
            apiVersion: cilium.io/v2
            kind: CiliumNetworkPolicy
            metadata: {name: p}
            specs: [{endpointSelector: {matchLabels: {"k8s:a": b}}, enableDefaultDeny: {egress: true}, egress: [{toFQDNs: [{matchPattern: "*.a"}], toPorts: [{ports: [{port: "80", endPort: 90, protocol: TCP}], rules: {http: [{}]}}]}], egressDeny: [{toCIDRSet: [{cidr: "::/0", except: ["fd00::/8"]}]}, {toEntities: [world]}]}]
            """,
            "{apiVersion: kubectl-egress.dev/v1alpha1, kind: DNSFacts, metadata: {name: s}, names: [{name: a.b, addresses: [192.0.2.1]}], complete: true}",
        ]
        let pieces = [
            "{", "}", "[", "]", ",", ": ", "\"", "-", "*", "null", "0", "65536", "-1", "1e9", "/129", "::", "\u{0}", "é", "{}", "[]",
            "true",
        ]
        var state: UInt64 = 11
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(truncatingIfNeeded: (state ^ (state >> 29)) >> 33) % max(1, bound)
        }
        var read = 0
        for round in 0..<3000 {
            var bytes = Array(seeds[round % seeds.count].utf8)
            for _ in 0...random(3) {
                let at = random(bytes.count)
                switch random(3) {
                case 0: bytes.insert(contentsOf: pieces[random(pieces.count)].utf8, at: at)
                case 1: bytes.removeSubrange(at..<min(bytes.count, at + random(8)))
                default: bytes[at] = UInt8(truncatingIfNeeded: random(256))
                }
            }
            let facts = clusterSnapshot(from: KubeReading(String(decoding: bytes, as: UTF8.self), file: "f")).networkPolicies
            read += facts.policies.count { $0.parts != nil } + facts.names.count
            for policy in facts.policies where policy.parts == nil { #expect(!policy.findings.isEmpty) }
        }
        #expect(read > 100)
    }
}
