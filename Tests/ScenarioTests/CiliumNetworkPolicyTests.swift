import EgressModel
import EgressPolicy
import KubeObjects
import Testing

/// Cilium's two kinds, rule by rule.
@Suite struct CiliumNetworkPolicyTests {
    private static let outside = "203.0.113.9 443"
    private static let web = "10.244.2.3 8080"
    private static let database = "10.244.1.3 5432"

    @Test(arguments: [
        ConnectionCase("endpointSelector: {}", outside, "allowed"),
        ConnectionCase("endpointSelector: {}, egress: []", outside, "allowed"),
        ConnectionCase("endpointSelector: {}, egress: [{}]", outside, "D"),
        ConnectionCase("endpointSelector: {}, ingress: [{}]", outside, "allowed"),
        ConnectionCase("endpointSelector: {matchLabels: {app: db}}, egress: [{}]", outside, "allowed"),
        ConnectionCase("endpointSelector: {matchLabels: {\"k8s:app\": client, \"any:org\": empire}}, egress: [{}]", outside, "D"),
        ConnectionCase("endpointSelector: {matchLabels: {\"k8s:io.kubernetes.pod.namespace\": default}}, egress: [{}]", outside, "D"),
        ConnectionCase("endpointSelector: {matchLabels: {\"k8s:io.kubernetes.pod.namespace\": shop}}, egress: [{}]", outside, "allowed"),
        ConnectionCase("endpointSelector: {matchLabels: {io.cilium.k8s.namespace.labels.team: a}}, egress: [{}]", outside, "D"),
        ConnectionCase(
            "endpointSelector: {matchLabels: {io.cilium.k8s.policy.serviceaccount: x}}, egress: [{}]", outside, "unknown EG2045"),
        ConnectionCase("endpointSelector: {matchLabels: {pod-template-hash: x}}, egress: [{}]", outside, "unknown EG2045"),
        ConnectionCase("endpointSelector: {matchLabels: {\"reserved:init\": \"\"}}, egress: [{}]", outside, "unknown EG2045"),
        ConnectionCase("endpointSelector: {}, egress: [{toEntities: [world]}], enableDefaultDeny: {egress: false}", web, "allowed"),
        ConnectionCase("endpointSelector: {}, enableDefaultDeny: {egress: true}", outside, "D"),
        ConnectionCase("endpointSelector: {}, egressDeny: [{toCIDR: [198.51.100.0/24]}]", outside, "D"),
        ConnectionCase(
            "endpointSelector: {}, egressDeny: [{toCIDR: [198.51.100.0/24]}], enableDefaultDeny: {egress: false}", outside, "allowed"),
        ConnectionCase("endpointSelector: {}, egressDeny: [{toCIDR: [203.0.113.0/24]}], enableDefaultDeny: {egress: false}", outside, "D"),
        ConnectionCase("endpointSelector: {}, egress: [{toEntities: [all]}], egressDeny: [{toCIDR: [203.0.113.9/32]}]", outside, "D"),
        ConnectionCase(
            "endpointSelector: {}, egress: [{toEntities: [all]}], egressDeny: [{toPorts: [{ports: [{port: \"25\"}]}]}]", outside, "allowed"),
        ConnectionCase(
            "endpointSelector: {}, egress: [{toEntities: [all]}], egressDeny: [{toPorts: [{ports: [{port: \"25\"}]}]}]", "203.0.113.9",
            "unknown EG2042"),
        ConnectionCase(
            "endpointSelector: {}, egress: [{toCIDR: [198.51.100.0/24]}], egressDeny: [{toPorts: [{ports: [{port: \"25\"}]}]}]",
            "203.0.113.9", "D"),
    ])
    func `whom a policy is about, and what denies`(row: ConnectionCase) throws {
        let snapshot = ConnectionBench.snapshot(ConnectionBench.policy(.cilium, "{\(row.rules)}"))
        #expect(snapshot.networkPolicies.policies.map(\.findings) == [[]])
        #expect(try ConnectionBench.answer(snapshot, to: row.to) == row.expected)
    }

    static let rules: [ConnectionCase] = [
        // CIDRs: what is outside.
        ConnectionCase("toCIDR: [203.0.113.0/24]", outside, "allowed"),
        ConnectionCase("toCIDR: [203.0.113.9]", outside, "allowed"),
        ConnectionCase("toCIDR: [198.51.100.0/24]", outside, "D"),
        ConnectionCase("toCIDR: [\"2001:db8::/32\"]", "2001:db8::9 443", "allowed"),
        ConnectionCase("toCIDR: [0.0.0.0/0]", "2001:db8::9 443", "D"),
        ConnectionCase("toCIDR: [0.0.0.0/0]", web, "D"),
        ConnectionCase("toCIDR: [0.0.0.0/0]", "192.0.2.12 22", "unknown EG2047"),
        ConnectionCase("toCIDR: [0.0.0.0/0]", "10.244.1.77 80", "unknown EG2046"),
        ConnectionCase("toCIDR: []", outside, "D"),
        ConnectionCase("toCIDRSet: [{cidr: 203.0.113.0/24}]", outside, "allowed"),
        ConnectionCase("toCIDRSet: [{cidr: 203.0.113.0/24, except: [203.0.113.8/29]}]", outside, "D"),
        ConnectionCase("toCIDRSet: [{cidr: \"2001:db8::/32\", except: [\"2001:db8:1::/48\"]}]", "2001:db8:1::9 443", "D"),
        ConnectionCase("toCIDRSet: [{cidr: \"2001:db8::/32\", except: [\"2001:db8:1::/48\"]}]", "2001:db8:3::9 443", "allowed"),
        ConnectionCase("toCIDRSet: [{cidr: 0.0.0.0/0, except: [203.0.113.8/29]}, {cidr: 203.0.113.9/32}]", outside, "allowed"),
        ConnectionCase("toCIDRSet: [{cidrGroupRef: g}]", outside, "unknown EG2045"),
        ConnectionCase("toCIDRSet: [{cidrGroupRef: g}]", web, "D"),
        // Endpoints.
        ConnectionCase("toEndpoints: [{}]", database, "allowed"),
        ConnectionCase("toEndpoints: [{}]", web, "D"),
        ConnectionCase("toEndpoints: [{}]", outside, "D"),
        ConnectionCase("toEndpoints: []", database, "D"),
        ConnectionCase("toEndpoints: [{matchLabels: {app: db}}]", database, "allowed"),
        ConnectionCase("toEndpoints: [{matchLabels: {app: db}}]", "fd00:10:244:1::3 5432", "allowed"),
        ConnectionCase("toEndpoints: [{matchLabels: {app: web}}]", web, "D"),
        ConnectionCase("toEndpoints: [{matchLabels: {app: web, \"k8s:io.kubernetes.pod.namespace\": shop}}]", web, "allowed"),
        ConnectionCase("toEndpoints: [{matchExpressions: [{key: io.kubernetes.pod.namespace, operator: Exists}]}]", web, "allowed"),
        ConnectionCase(
            "toEndpoints: [{matchLabels: {io.kubernetes.pod.namespace: shop, \"k8s:io.cilium.k8s.namespace.labels.team\": shop}}]", web,
            "allowed"),
        ConnectionCase("toEndpoints: [{matchLabels: {io.cilium.k8s.namespace.labels.team: shop}}]", web, "unknown EG2047"),
        ConnectionCase("toEndpoints: [{matchLabels: {io.cilium.k8s.namespace.labels.team: other}}]", web, "D"),
        ConnectionCase("toEndpoints: [{matchLabels: {\"reserved:host\": \"\"}}]", "192.0.2.11 22", "unknown EG2045"),
        // Entities.
        ConnectionCase("toEntities: [world]", outside, "allowed"),
        ConnectionCase("toEntities: [world]", web, "D"),
        ConnectionCase("toEntities: [world]", "192.0.2.12 22", "D"),
        ConnectionCase("toEntities: [world]", "169.254.169.254 80", "allowed"),
        ConnectionCase("toEntities: [world]", "10.244.1.77 80", "unknown EG2046"),
        ConnectionCase("toEntities: [world-ipv4]", outside, "allowed"),
        ConnectionCase("toEntities: [world-ipv6]", outside, "D"),
        ConnectionCase("toEntities: [world-ipv6]", "2001:db8::9 443", "allowed"),
        ConnectionCase("toEntities: [cluster]", web, "allowed"),
        ConnectionCase("toEntities: [cluster]", "192.0.2.12 22", "allowed"),
        ConnectionCase("toEntities: [cluster]", outside, "D"),
        ConnectionCase("toEntities: [host]", "192.0.2.11 22", "allowed"),
        ConnectionCase("toEntities: [host]", "192.0.2.12 22", "D"),
        ConnectionCase("toEntities: [remote-node]", "2001:db8:2::12 22", "allowed"),
        ConnectionCase("toEntities: [remote-node]", "192.0.2.11 22", "D"),
        ConnectionCase("toEntities: [kube-apiserver]", outside, "unknown EG2045"),
        ConnectionCase("toEntities: [kube-apiserver]", "192.0.2.12 6443", "unknown EG2045"),
        ConnectionCase("toEntities: [kube-apiserver]", web, "D"),
        ConnectionCase("toEntities: [all]", web, "allowed"),
        ConnectionCase("toEntities: [none]", web, "D"),
        ConnectionCase("toEntities: [health, ingress]", web, "D"),
        ConnectionCase("toEntities: [unmanaged]", web, "unknown EG2045"),
        // Names: only outside, and only as far as they are known.
        ConnectionCase("toFQDNs: [{matchName: api.example.org}]", outside, "unknown EG2041"),
        ConnectionCase("toFQDNs: [{matchName: api.example.org}]", web, "D"),
        ConnectionCase("toFQDNs: [{matchPattern: \"*.example.org\"}]", outside, "unknown EG2041"),
        // Ports.
        ConnectionCase("toPorts: [{ports: [{port: \"443\"}]}]", outside, "allowed"),
        ConnectionCase("toPorts: [{ports: [{port: \"443\"}]}]", web, "D"),
        ConnectionCase("toPorts: [{ports: [{port: \"443\", protocol: UDP}]}]", outside, "D"),
        ConnectionCase("toPorts: [{ports: [{port: \"443\", protocol: ANY}]}]", "203.0.113.9 443/sctp", "allowed"),
        ConnectionCase("toPorts: [{ports: [{port: \"0\"}]}]", outside, "allowed"),
        ConnectionCase("toPorts: [{ports: [{port: \"0\", protocol: UDP}]}]", outside, "D"),
        ConnectionCase("toPorts: [{ports: [{port: \"400\", endPort: 443}]}]", outside, "allowed"),
        ConnectionCase("toPorts: [{ports: [{port: \"400\", endPort: 442}]}]", outside, "D"),
        ConnectionCase("toPorts: [{ports: [{port: \"80\"}]}, {ports: [{port: \"443\"}]}]", outside, "allowed"),
        ConnectionCase("toEntities: [all], toPorts: [{ports: [{port: http, protocol: TCP}]}]", web, "allowed"),
        ConnectionCase("toEntities: [all], toPorts: [{ports: [{port: HTTP}]}]", web, "allowed"),
        ConnectionCase("toEntities: [all], toPorts: [{ports: [{port: dns}]}]", web, "D"),
        ConnectionCase("toCIDR: [203.0.113.0/24], toPorts: [{ports: [{port: \"80\"}]}]", outside, "D"),
        ConnectionCase("toCIDR: [203.0.113.0/24], toPorts: [{ports: [{port: \"443\"}]}]", "203.0.113.9", "unknown EG2042"),
        ConnectionCase("toCIDR: [203.0.113.0/24], toPorts: [{ports: [{port: \"443\"}], rules: {http: [{}]}}]", outside, "allowed"),
        ConnectionCase("icmps: [{fields: [{type: 8}]}]", outside, "D"),
        ConnectionCase("icmps: [{fields: [{type: 8}]}]", "203.0.113.9", "unknown EG2042"),
        // What a snapshot can't answer.
        ConnectionCase("toServices: [{k8sService: {serviceName: s}}]", outside, "unknown EG2045"),
        ConnectionCase("toGroups: [{aws: {}}]", outside, "unknown EG2045"),
        ConnectionCase("toGroups: [{aws: {}}]", web, "D"),
        ConnectionCase("toNodes: [{}]", "192.0.2.12 22", "unknown EG2045"),
        ConnectionCase("toEndpoints: [{}], toRequires: [{}]", database, "unknown EG2045"),
        // Services: the pod behind counts.
        ConnectionCase("toEntities: [cluster], toPorts: [{ports: [{port: \"8080\"}]}]", "10.96.0.10 80", "allowed"),
        ConnectionCase("toEntities: [world]", "10.96.0.10 80", "D"),
    ]

    @Test(arguments: rules)
    func `what a rule lets out`(row: ConnectionCase) throws {
        let snapshot = ConnectionBench.snapshot(ConnectionBench.policy(.cilium, "{endpointSelector: {}, egress: [{\(row.rules)}]}"))
        #expect(snapshot.networkPolicies.policies.map(\.findings) == [[]])
        #expect(try ConnectionBench.answer(snapshot, to: row.to) == row.expected)
    }

    /// The same rules deny what they would allow: where everything else is allowed, the answers are the opposite.
    @Test(arguments: rules.filter { !$0.rules.contains("toFQDNs") && !$0.rules.contains("rules:") && !$0.rules.contains("10.96") })
    func `what a rule denies`(row: ConnectionCase) throws {
        let allowAll = ConnectionBench.policy(.cilium, "{endpointSelector: {}, egress: [{toEntities: [all]}]}", name: "all")
        let snapshot = ConnectionBench.snapshot(
            allowAll, ConnectionBench.policy(.cilium, "{endpointSelector: {}, egressDeny: [{\(row.rules)}]}", name: "deny"))
        let opposite = ["allowed": "denied EG2040", "denied EG2040": "allowed"][row.expected] ?? row.expected
        #expect(try ConnectionBench.answer(snapshot, to: row.to) == opposite)
    }

    @Test(arguments: [
        ConnectionCase("{endpointSelector: {}, egress: [{}]}", "203.0.113.9 443", "D"),
        ConnectionCase(
            "{endpointSelector: {matchLabels: {io.kubernetes.pod.namespace: shop}}, egress: [{}]}", "203.0.113.9 443", "allowed"),
        ConnectionCase("{endpointSelector: {}, egress: [{toEndpoints: [{}]}]}", "10.244.2.3 8080", "allowed"),
        ConnectionCase("{endpointSelector: {}, egress: [{toEndpoints: [{}]}]}", "203.0.113.9 443", "D"),
        ConnectionCase("{endpointSelector: {}, egress: [{toEndpoints: [{matchLabels: {app: web}}]}]}", "10.244.2.3 8080", "allowed"),
        ConnectionCase("{nodeSelector: {matchLabels: {role: worker}}, egress: [{}]}", "203.0.113.9 443", "allowed"),
    ])
    func `clusterwide policies reach every namespace`(row: ConnectionCase) throws {
        let snapshot = ConnectionBench.snapshot(ConnectionBench.policy(.ciliumClusterwide, row.rules))
        #expect(snapshot.networkPolicies.policies.map(\.findings) == [[]])
        #expect(try ConnectionBench.answer(snapshot, to: row.to) == row.expected)
    }

    @Test func `several specs count together, and with policies of Kubernetes`() throws {
        let specs = """
            ---
            apiVersion: cilium.io/v2
            kind: CiliumNetworkPolicy
            metadata: {name: two}
            specs:
            - {endpointSelector: {matchLabels: {app: db}}, egress: [{}]}
            - {endpointSelector: {matchLabels: {app: client}}, egress: [{toCIDR: [203.0.113.0/24]}]}

            """
        let snapshot = ConnectionBench.snapshot(specs)
        let verdict = try ConnectionBench.verdict(snapshot, to: Self.outside)
        #expect(verdict.by.map(\.field) == ["specs[1].egress[0]"])
        #expect(try ConnectionBench.answer(snapshot, to: Self.web) == "denied EG2040")
        #expect(try ConnectionBench.answer(snapshot, to: Self.outside, from: "db") == "denied EG2040")
        let kubernetes = ConnectionBench.policy(.kubernetes, "{podSelector: {}, egress: [{to: [{namespaceSelector: {}}]}]}", name: "k")
        #expect(try ConnectionBench.answer(ConnectionBench.snapshot(specs, kubernetes), to: Self.web) == "allowed")
    }

    @Test func `Cilium can isolate every pod, or none`() throws {
        #expect(
            try ConnectionBench.answer(ConnectionBench.snapshot(ConnectionBench.cilium("enable-policy: always")), to: Self.outside)
                == "denied EG2040")
        let deny = ConnectionBench.policy(.cilium, "{endpointSelector: {}, egress: [{}]}")
        #expect(
            try ConnectionBench.answer(ConnectionBench.snapshot(deny, ConnectionBench.cilium("enable-policy: never")), to: Self.outside)
                == "allowed")
        let assumed = try ConnectionBench.verdict(ConnectionBench.snapshot(deny), to: Self.outside)
        #expect(assumed.remarks.count == 1)
        #expect(try ConnectionBench.verdict(ConnectionBench.snapshot(deny, ConnectionBench.cilium()), to: Self.outside).remarks.isEmpty)
    }

    @Test func `a rule that Cilium refuses is not judged`() throws {
        let snapshot = ConnectionBench.snapshot(
            ConnectionBench.policy(.cilium, "{endpointSelector: {}, egress: [{toCIDR: [203.0.113.0/24], toEntities: [world]}]}"))
        #expect(snapshot.networkPolicies.policies.flatMap(\.findings).map(\.code) == [.ruleNotJudged])
        #expect(try ConnectionBench.answer(snapshot, to: Self.outside) == "unknown EG2045")
    }

    @Test func `rules of higher layers are named, not evaluated`() throws {
        let snapshot = ConnectionBench.snapshot(
            ConnectionBench.policy(
                .cilium,
                "{endpointSelector: {}, egress: [{toCIDR: [203.0.113.0/24], toPorts: [{ports: [{port: \"443\"}], rules: {http: [{}]}}]}]}"))
        let verdict = try ConnectionBench.verdict(snapshot, to: Self.outside)
        #expect(verdict.by.first?.why.last == "spec.egress[0].toPorts[0].rules.http: has to hold too, and isn't evaluated")
    }
}
