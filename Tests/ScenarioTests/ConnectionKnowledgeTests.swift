import EgressModel
import EgressPolicy
import KubeObjects
import TestKit
import Testing

/// Names, gaps and kinds that nobody evaluates: unknown rather than a guess.
@Suite struct ConnectionKnowledgeTests {
    private static let outside = "203.0.113.9 443"

    private static func names(_ list: String, complete: Bool = false) -> String {
        "---\n{apiVersion: kubectl-egress.dev/v1alpha1, kind: DNSFacts, metadata: {name: seen}, names: [\(list)], complete: \(complete)}\n"
    }

    @Test(arguments: [
        ("matchName: api.example.org", "name: api.example.org, addresses: [203.0.113.9]", false, "allowed"),
        ("matchName: API.example.org.", "name: Api.Example.org., addresses: [203.0.113.9]", false, "allowed"),
        ("matchName: api.example.org", "name: api.example.org, addresses: [203.0.113.8]", false, "denied EG2040"),
        ("matchName: api.example.org", "name: other.example.org, addresses: [203.0.113.9]", false, "unknown EG2041"),
        ("matchName: api.example.org", "name: other.example.org, addresses: [203.0.113.9]", true, "denied EG2040"),
        ("matchPattern: \"*.example.org\"", "name: api.example.org, addresses: [203.0.113.9]", false, "allowed"),
        ("matchPattern: \"*.example.org\"", "name: a.b.example.org, addresses: [203.0.113.9]", false, "unknown EG2041"),
        ("matchPattern: \"*.example.org\"", "name: a.b.example.org, addresses: [203.0.113.9]", true, "denied EG2040"),
        ("matchPattern: \"**.example.org\"", "name: a.b.example.org, addresses: [203.0.113.9]", false, "allowed"),
        ("matchPattern: \"**.example.org\"", "name: example.org, addresses: [203.0.113.9]", true, "denied EG2040"),
        ("matchPattern: \"a*i.example.org\"", "name: api.example.org, addresses: [203.0.113.9]", false, "allowed"),
        ("matchPattern: \"a*i.example.org\"", "name: apis.example.org, addresses: [203.0.113.9]", true, "denied EG2040"),
        ("matchPattern: \"*\"", "name: a.b.example.org, addresses: [203.0.113.9]", false, "allowed"),
        ("matchPattern: \"*\"", "name: a.b.example.org, addresses: [\"2001:db8::9\"]", false, "unknown EG2041"),
    ])
    func `names count as far as somebody says them`(rule: String, fact: String, complete: Bool, expected: String) throws {
        let snapshot = ConnectionBench.snapshot(
            ConnectionBench.policy(.cilium, "{endpointSelector: {}, egress: [{toFQDNs: [{\(rule)}]}]}"),
            Self.names("{\(fact)}", complete: complete))
        #expect(snapshot.findings == [])
        #expect(try ConnectionBench.answer(snapshot, to: Self.outside) == expected)
    }

    @Test(arguments: [
        ("policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicy", "", true),
        ("policy.networking.k8s.io/v1alpha1", "BaselineAdminNetworkPolicy", "", false),
        ("projectcalico.org/v3", "GlobalNetworkPolicy", "", true),
        ("crd.projectcalico.org/v1", "NetworkPolicy", ", namespace: default", true),
        ("crd.antrea.io/v1beta1", "ClusterNetworkPolicy", "", true),
    ])
    func `kinds that aren't evaluated are named, and may decide`(version: String, kind: String, place: String, mayUndo: Bool) throws {
        let foreign = "---\n{apiVersion: \(version), kind: \(kind), metadata: {name: x\(place)}, spec: {whatever: 1}}\n"
        let open = try ConnectionBench.verdict(ConnectionBench.snapshot(foreign), to: Self.outside)
        #expect(ConnectionBench.words(open) == "unknown EG2043")
        #expect(open.notEvaluated.map(\.reference.kind) == [kind])
        let denied = ConnectionBench.policy(.kubernetes, "{podSelector: {}, policyTypes: [Egress]}")
        let answer = try ConnectionBench.answer(ConnectionBench.snapshot(foreign, denied), to: Self.outside)
        #expect(answer == (mayUndo ? "unknown EG2043" : "denied EG2040"))
    }

    @Test func `what belongs to another namespace doesn't matter`() throws {
        let foreign = "---\n{apiVersion: projectcalico.org/v3, kind: NetworkPolicy, metadata: {name: x, namespace: shop}}\n"
        #expect(try ConnectionBench.answer(ConnectionBench.snapshot(foreign), to: Self.outside) == "allowed")
        let mirrored = "---\n{apiVersion: projectcalico.org/v3, kind: NetworkPolicy, metadata: {name: knp.default.x, namespace: default}}\n"
        #expect(try ConnectionBench.answer(ConnectionBench.snapshot(mirrored), to: Self.outside) == "allowed")
    }

    @Test func `a policy that can't be understood is never ignored`() throws {
        let broken = ConnectionBench.policy(.kubernetes, "{podSelector: {}, egress: [{to: [{ipBlock: {cidr: nonsense}}]}]}", name: "broken")
        let snapshot = ConnectionBench.snapshot(broken)
        #expect(try ConnectionBench.answer(snapshot, to: Self.outside) == "unknown EG2044")
        #expect(try ConnectionBench.answer(snapshot, to: Self.outside, from: "web") == "allowed")
        // What is certain all the same stays certain.
        let allow = ConnectionBench.policy(.kubernetes, "{podSelector: {}, egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}", name: "allow")
        #expect(try ConnectionBench.answer(ConnectionBench.snapshot(broken, allow), to: Self.outside) == "allowed")
        let ciliums = ConnectionBench.policy(.cilium, "{endpointSelector: {}, egress: [{toSomewhere: []}]}", name: "new")
        #expect(try ConnectionBench.answer(ConnectionBench.snapshot(ciliums, allow), to: Self.outside) == "unknown EG2044")
        let deny = ConnectionBench.policy(.cilium, "{endpointSelector: {}, egressDeny: [{toEntities: [world]}]}", name: "deny")
        #expect(try ConnectionBench.answer(ConnectionBench.snapshot(ciliums, allow, deny), to: Self.outside) == "denied EG2040")
    }

    @Test(arguments: [
        (ClusterKind.networkPolicy, ReasonCode.readForbidden, "unknown EG5003"), (.ciliumNetworkPolicy, .readFailed, "unknown EG5005"),
        (.otherNetworkPolicy, .readForbidden, "unknown EG5003"), (.ciliumClusterwideNetworkPolicy, .kindNotServed, "allowed"),
    ])
    func `a kind that couldn't be read makes the answer unknown`(kind: ClusterKind, code: ReasonCode, expected: String) throws {
        var snapshot = ConnectionBench.snapshot()
        snapshot.unread = [UnreadKind(kind: kind, code: code, reason: "no")]
        #expect(try ConnectionBench.answer(snapshot, to: Self.outside) == expected)
        snapshot.unread = [UnreadKind(kind: kind, namespace: "shop", code: code, reason: "no")]
        #expect(try ConnectionBench.answer(snapshot, to: Self.outside) == "allowed")
        // Nothing else is held up by it.
        #expect(snapshot.canBePlanned)
        #expect(!resolve(snapshot).findings.contains { $0.code == code })
    }

    @Test func `namespaces that couldn't be read leave what asks for their labels open`() throws {
        var snapshot = ConnectionBench.snapshot(
            ConnectionBench.policy(
                .kubernetes, "{podSelector: {}, egress: [{to: [{namespaceSelector: {matchLabels: {team: shop}}}]}]}"))
        snapshot.namespaces = []
        snapshot.unread = [UnreadKind(kind: .namespace, code: .readForbidden, reason: "no")]
        #expect(try ConnectionBench.answer(snapshot, to: "10.244.2.3 8080") == "unknown EG5003")
    }

    @Test func `the two examples together`() throws {
        let folder = Scenario.folder + "/a-network-policy-beside-the-example"
        var reading = KubeReading(try #require(FileText.read(Scenario.cluster)), file: "cluster.yaml")
        reading.append(KubeReading(try #require(FileText.read(folder + "/policy.yaml")), file: "policy.yaml"))
        reading.append(KubeReading(try #require(FileText.read(folder + "/network-policy.yaml")), file: "network-policy.yaml"))
        let plain = clusterSnapshot(from: reading)
        reading.append(KubeReading(try #require(FileText.read(folder + "/names.yaml")), file: "names.yaml"))
        let named = clusterSnapshot(from: reading)
        #expect(plain.networkPolicies.policies.map(\.findings) == [[]])
        let text = try #require(FileText.read(folder + "/connections.txt"))
        let lines = text.components("\n").filter { !$0.hasPrefix("#") }
        #expect(lines.count == 6)
        for line in lines {
            let sides = line.components("=")
            let words = sides[0].components(" ")
            let to = try #require(words.dropFirst(3).first?.components(":"))
            let snapshot = words[0] == "named" ? named : plain
            let name = try #require(words[1].components("/").last)
            #expect(
                try ConnectionBench.answer(snapshot, to: "\(to[0]) \(to[1])", from: name) == sides[1].components(" ").joined(separator: " ")
            )
        }
    }

    @Test func `the explanation carries the verdict and what to do`() throws {
        let policy = ConnectionBench.policy(.cilium, "{endpointSelector: {}, egress: [{toFQDNs: [{matchName: a.example}]}]}")
        let snapshot = ConnectionBench.snapshot(policy, Self.names("{name: a.example, addresses: [203.0.113.1]}"))
        let pod = try #require(snapshot.pods.first { $0.name == "client" })
        let destination = Destination(address: try #require(IPAddress("203.0.113.9")), port: 443, transport: "tcp")
        let explanation = explain(pod, to: destination, in: resolve(snapshot)).judged(by: snapshot)
        #expect(explanation.networkPolicy?.answer == .denied)
        #expect(explanation.findings.map(\.code).filter { $0.rawValue.hasPrefix("EG204") } == [.connectionDenied, .namesNotSeen])
        let seen = "toPorts: [{ports: [{port: \"53\"}], rules: {dns: [{matchPattern: \"*\"}]}}]"
        let dns = ConnectionBench.policy(.cilium, "{endpointSelector: {}, egress: [{\(seen)}]}", name: "dns")
        let both = ConnectionBench.snapshot(policy, dns)
        #expect(!explain(pod, to: destination, in: resolve(both)).judged(by: both).findings.contains { $0.code == .namesNotSeen })
    }
}

extension String {
    fileprivate func components(_ separator: Character) -> [String] { split(separator: separator).map { String($0) } }
}
