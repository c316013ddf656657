import EgressModel
import EgressPolicy
import KubeObjects
import Testing

/// `NetworkPolicy` of `networking.k8s.io/v1`, rule by rule, on a cluster whose network plugin isn't known.
@Suite struct KubernetesNetworkPolicyTests {
    private static let outside = "203.0.113.9 443"

    /// The whole `spec` behind `podSelector`.
    @Test(arguments: [
        ConnectionCase("podSelector: {}", outside, "allowed"),
        ConnectionCase("podSelector: {}, policyTypes: [Ingress]", outside, "allowed"),
        ConnectionCase("podSelector: {}, policyTypes: [Egress]", outside, "D"),
        ConnectionCase("podSelector: {}, egress: []", outside, "allowed"),
        ConnectionCase("podSelector: {}, policyTypes: [Ingress, Egress]", outside, "D"),
        ConnectionCase("podSelector: {}, egress: [{}]", outside, "allowed"),
        ConnectionCase("podSelector: {}, policyTypes: [Ingress], egress: [{ports: [{port: 1}]}]", outside, "allowed"),
        ConnectionCase("podSelector: {matchLabels: {app: db}}, policyTypes: [Egress]", outside, "allowed"),
        ConnectionCase("podSelector: {matchExpressions: [{key: org, operator: Exists}]}, policyTypes: [Egress]", outside, "D"),
        ConnectionCase("podSelector: {}, policyTypes: [Egress]", "10.244.1.2 80", "allowed"),
        ConnectionCase("podSelector: {}, policyTypes: [Egress]", "127.0.0.1 80", "allowed"),
    ])
    func `whom a policy isolates`(row: ConnectionCase) throws {
        let snapshot = ConnectionBench.snapshot(ConnectionBench.policy(.kubernetes, "{\(row.rules)}"))
        #expect(try ConnectionBench.answer(snapshot, to: row.to) == row.expected)
    }

    /// One rule of `egress`.
    @Test(arguments: [
        // Blocks.
        ConnectionCase("to: [{ipBlock: {cidr: 203.0.113.0/24}}]", outside, "allowed"),
        ConnectionCase("to: [{ipBlock: {cidr: 198.51.100.0/24}}]", outside, "D"),
        ConnectionCase("to: [{ipBlock: {cidr: 203.0.113.0/24, except: [203.0.113.8/29]}}]", outside, "D"),
        ConnectionCase("to: [{ipBlock: {cidr: 203.0.113.0/24, except: [203.0.113.128/25]}}]", outside, "allowed"),
        ConnectionCase("to: [{ipBlock: {cidr: \"2001:db8::/32\"}}]", "2001:db8::9 443", "allowed"),
        ConnectionCase("to: [{ipBlock: {cidr: \"2001:db8::/32\", except: [\"2001:db8::/64\"]}}]", "2001:db8::9 443", "D"),
        ConnectionCase("to: [{ipBlock: {cidr: 0.0.0.0/0}}]", "2001:db8::9 443", "D"),
        ConnectionCase("to: [{ipBlock: {cidr: \"::/0\"}}]", outside, "D"),
        // What plugins differ on, or nobody knows.
        ConnectionCase("to: [{ipBlock: {cidr: 0.0.0.0/0}}]", "10.244.2.3 8080", "unknown EG2047"),
        ConnectionCase("to: [{ipBlock: {cidr: 0.0.0.0/0}}]", "192.0.2.12 22", "unknown EG2047"),
        ConnectionCase("to: [{ipBlock: {cidr: 10.244.0.0/16}}]", "10.244.1.77 80", "unknown EG2046"),
        ConnectionCase("to: [{ipBlock: {cidr: 203.0.113.0/24}}]", "10.244.1.77 80", "D"),
        ConnectionCase("to: [{podSelector: {}}]", "10.244.1.77 80", "unknown EG2046"),
        ConnectionCase("to: [{ipBlock: {cidr: 203.0.113.0/24}}]", "192.0.2.11 22", "unknown EG2047"),
        ConnectionCase("to: [{ipBlock: {cidr: 203.0.113.0/24}}]", "192.0.2.12 22", "D"),
        ConnectionCase("to: [{ipBlock: {cidr: 169.254.169.254/32}}]", "169.254.169.254 80", "allowed"),
        // Pods and namespaces.
        ConnectionCase("to: [{podSelector: {matchLabels: {app: db}}}]", "10.244.1.3 5432", "allowed"),
        ConnectionCase("to: [{podSelector: {matchLabels: {app: db}}}]", "fd00:10:244:1::3 5432", "allowed"),
        ConnectionCase("to: [{podSelector: {matchLabels: {app: web}}}]", "10.244.2.3 8080", "D"),
        ConnectionCase("to: [{podSelector: {}}]", "10.244.2.3 8080", "D"),
        ConnectionCase("to: [{namespaceSelector: {}}]", "10.244.2.3 8080", "allowed"),
        ConnectionCase("to: [{namespaceSelector: {matchLabels: {team: shop}}}]", "10.244.2.3 8080", "allowed"),
        ConnectionCase("to: [{namespaceSelector: {matchLabels: {team: shop}}}]", "10.244.1.3 8080", "D"),
        ConnectionCase("to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop}}}]", "10.244.2.3 8080", "allowed"),
        ConnectionCase(
            "to: [{namespaceSelector: {matchLabels: {team: shop}}, podSelector: {matchLabels: {app: db}}}]", "10.244.2.3 8080", "D"),
        ConnectionCase(
            "to: [{namespaceSelector: {matchLabels: {team: shop}}}, {podSelector: {matchLabels: {app: db}}}]", "10.244.1.3 80", "allowed"),
        ConnectionCase("to: [{podSelector: {}}]", outside, "D"),
        ConnectionCase("to: [{namespaceSelector: {}}]", outside, "D"),
        // The host's own pods, which share the node's address.
        ConnectionCase("to: [{podSelector: {matchLabels: {app: agent}}}]", "192.0.2.12 22", "unknown EG2047"),
        // Ports.
        ConnectionCase("ports: [{port: 443}]", outside, "allowed"),
        ConnectionCase("ports: [{port: 443}]", "203.0.113.9 443/udp", "D"),
        ConnectionCase("ports: [{port: 443, protocol: UDP}]", "203.0.113.9 443/udp", "allowed"),
        ConnectionCase("ports: [{port: 443, protocol: SCTP}]", "203.0.113.9 443/sctp", "allowed"),
        ConnectionCase("ports: [{port: 80}, {port: 443}]", outside, "allowed"),
        ConnectionCase("ports: [{port: 400, endPort: 443}]", outside, "allowed"),
        ConnectionCase("ports: [{port: 400, endPort: 442}]", outside, "D"),
        ConnectionCase("ports: [{port: 443, endPort: 443}]", outside, "allowed"),
        ConnectionCase("ports: [{protocol: TCP}]", outside, "allowed"),
        ConnectionCase("ports: [{protocol: UDP}]", outside, "D"),
        ConnectionCase("ports: [{port: http}]", outside, "D"),
        ConnectionCase("to: [{namespaceSelector: {}}], ports: [{port: http}]", "10.244.2.3 8080", "allowed"),
        ConnectionCase("to: [{namespaceSelector: {}}], ports: [{port: http}]", "10.244.2.3 80", "D"),
        ConnectionCase("to: [{namespaceSelector: {}}], ports: [{port: dns}]", "10.244.2.3 53/tcp", "D"),
        ConnectionCase("to: [{namespaceSelector: {}}], ports: [{port: dns, protocol: UDP}]", "10.244.2.3 53/udp", "allowed"),
        ConnectionCase("to: [{namespaceSelector: {}}], ports: [{port: https}]", "10.244.2.3 8080", "D"),
        ConnectionCase("to: [{ipBlock: {cidr: 203.0.113.0/24}}], ports: [{port: 80}]", outside, "D"),
        // Without a port.
        ConnectionCase("ports: [{port: 443}]", "203.0.113.9", "unknown EG2042"),
        ConnectionCase("to: [{ipBlock: {cidr: 203.0.113.0/24}}]", "203.0.113.9", "allowed"),
        ConnectionCase("to: [{ipBlock: {cidr: 198.51.100.0/24}}], ports: [{port: 443}]", "203.0.113.9", "D"),
        // Services: the pod behind it counts, with its own port.
        ConnectionCase("to: [{namespaceSelector: {}}], ports: [{port: 8080}]", "10.96.0.10 80", "allowed"),
        ConnectionCase("to: [{namespaceSelector: {}}], ports: [{port: 80}]", "10.96.0.10 80", "D"),
        ConnectionCase("to: [{podSelector: {}}]", "10.96.0.10 80", "D"),
        ConnectionCase("to: [{namespaceSelector: {}}]", "10.96.0.10", "unknown EG2042"),
        ConnectionCase("to: [{namespaceSelector: {}}]", "10.96.0.10 81", "unknown EG2046"),
        ConnectionCase("to: [{namespaceSelector: {}}]", "10.96.0.1 443", "unknown EG2046"),
    ])
    func `what a rule lets out`(row: ConnectionCase) throws {
        let snapshot = ConnectionBench.snapshot(
            ConnectionBench.policy(.kubernetes, "{podSelector: {}, policyTypes: [Egress], egress: [{\(row.rules)}]}"))
        #expect(snapshot.networkPolicies.policies.map(\.findings) == [[]])
        #expect(try ConnectionBench.answer(snapshot, to: row.to) == row.expected)
    }

    /// Cilium has pods and nodes by what they are, so there the gaps close.
    @Test(arguments: [
        ("", "to: [{ipBlock: {cidr: 0.0.0.0/0}}]", "10.244.2.3 8080", "denied EG2040"),
        ("", "to: [{ipBlock: {cidr: 0.0.0.0/0}}]", "192.0.2.12 22", "denied EG2040"),
        ("policy-cidr-match-mode: nodes", "to: [{ipBlock: {cidr: 0.0.0.0/0}}]", "192.0.2.12 22", "allowed"),
        ("", "to: [{podSelector: {matchLabels: {app: agent}}}]", "192.0.2.12 22", "denied EG2040"),
        ("", "to: [{ipBlock: {cidr: 203.0.113.0/24}}]", "192.0.2.11 22", "denied EG2040"),
        ("enable-policy: never", "to: [{podSelector: {}}]", "203.0.113.9 443", "allowed"),
        ("enable-k8s-networkpolicy: \"false\"", "to: [{podSelector: {}}]", "203.0.113.9 443", "allowed"),
    ])
    func `with Cilium's configuration in the snapshot`(data: String, rules: String, to: String, expected: String) throws {
        let snapshot = ConnectionBench.snapshot(
            ConnectionBench.policy(.kubernetes, "{podSelector: {}, policyTypes: [Egress], egress: [{\(rules)}]}"),
            ConnectionBench.cilium(data))
        #expect(try ConnectionBench.answer(snapshot, to: to) == expected)
    }

    @Test func `policies add up, and those of other namespaces don't count`() throws {
        let deny = ConnectionBench.policy(.kubernetes, "{podSelector: {}, policyTypes: [Egress]}", name: "deny")
        let allow = ConnectionBench.policy(
            .kubernetes, "{podSelector: {matchLabels: {app: client}}, egress: [{to: [{ipBlock: {cidr: 203.0.113.0/24}}]}]}", name: "allow")
        let elsewhere = ConnectionBench.policy(.kubernetes, "{podSelector: {}, policyTypes: [Egress]}", name: "else", namespace: "shop")
        let both = try ConnectionBench.verdict(ConnectionBench.snapshot(deny, allow, elsewhere), to: "203.0.113.9 443")
        #expect(ConnectionBench.words(both) == "allowed")
        #expect(
            both.by.map { "\($0.policy) \($0.effect) \($0.field ?? "-")" } == [
                "networkpolicy/default/allow allows spec.egress[0]", "networkpolicy/default/deny isolates -",
            ])
        #expect(both.by.first?.why == ["spec.egress[0].to[0].ipBlock: 203.0.113.0/24 holds 203.0.113.9"])
        let other = try ConnectionBench.verdict(ConnectionBench.snapshot(deny, allow, elsewhere), to: "198.51.100.1 443")
        #expect(
            other.reason
                == "networkpolicy/default/allow, networkpolicy/default/deny isolate the pod, and no rule allows 198.51.100.1:443/tcp")
        #expect(try ConnectionBench.answer(ConnectionBench.snapshot(elsewhere), to: "203.0.113.9 443") == "allowed")
        #expect(try ConnectionBench.answer(ConnectionBench.snapshot(elsewhere), to: "203.0.113.9 443", from: "web") == "denied EG2040")
    }

    @Test func `without a destination only a pod that nothing is about has an answer`() throws {
        let snapshot = ConnectionBench.snapshot(
            ConnectionBench.policy(.kubernetes, "{podSelector: {matchLabels: {app: client}}, policyTypes: [Egress]}"))
        let client = networkPolicyVerdict(for: try #require(snapshot.pods.first { $0.name == "client" }), to: nil, in: snapshot)
        #expect(client.answer == .unknown)
        #expect(client.by.map(\.effect) == [.isolates])
        let db = networkPolicyVerdict(for: try #require(snapshot.pods.first { $0.name == "db" }), to: nil, in: snapshot)
        #expect(db.answer == .allowed)
        #expect(db.by.isEmpty)
    }

    @Test func `a pod in its node's network is left open where a policy selects it`() throws {
        let policy = ConnectionBench.policy(.kubernetes, "{podSelector: {}, policyTypes: [Egress]}")
        #expect(try ConnectionBench.answer(ConnectionBench.snapshot(policy), to: "203.0.113.9 443", from: "agent") == "unknown EG2047")
        #expect(try ConnectionBench.answer(ConnectionBench.snapshot(), to: "203.0.113.9 443", from: "agent") == "allowed")
        let host = ConnectionBench.policy(.ciliumClusterwide, "{nodeSelector: {}, egress: [{}]}", name: "host")
        #expect(try ConnectionBench.answer(ConnectionBench.snapshot(host), to: "203.0.113.9 443", from: "agent") == "unknown EG2047")
        // To Cilium it is its node, whatever its labels.
        let cilium = ConnectionBench.cilium()
        #expect(try ConnectionBench.answer(ConnectionBench.snapshot(policy, cilium), to: "203.0.113.9 443", from: "agent") == "allowed")
    }
}
