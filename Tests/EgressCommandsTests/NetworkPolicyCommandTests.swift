import EgressModel
import JSONText
import KubeObjects
import Testing

@testable import EgressCommands

/// What `explain pod` says of network policies.
@Suite struct NetworkPolicyCommandTests {
    private func bench(_ manifests: String = "", unread: [UnreadKind] = []) throws -> Bench {
        let example = try contents(projectFile("Tests/Scenarios/a-network-policy-beside-the-example/network-policy.yaml"))
        let text = [try contents(testFile("Fixtures/cluster.yaml")), example, manifests].joined(separator: "\n---\n")
        var snapshot = clusterSnapshot(from: KubeReading(text, file: "f"))
        snapshot.unread = unread
        var bench = Bench(FakeCluster(snapshot))
        bench.width = 80
        bench.hosts = ["api.github.com": [IPAddress("192.88.99.80")].compactMap(\.self)]
        return bench
    }

    private static let names = """
        apiVersion: kubectl-egress.dev/v1alpha1
        kind: DNSFacts
        metadata: {name: seen}
        names: [{name: api.github.com, addresses: [192.88.99.81]}]
        """

    @Test func `the text says what decided, within 80 columns`() async throws {
        let unknown = try await bench().run("explain pod mediabot --to 192.88.99.80:443").output
        #expect(unknown.split(separator: "\n").allSatisfy { $0.count <= 80 })
        try expectGolden(unknown, "explain-network-policy-unknown.txt")
        try expectGolden(
            await bench(Self.names).run("explain pod mediabot --to 192.88.99.80:443").output, "explain-network-policy-denied.txt")
        let foreign = "{apiVersion: policy.networking.k8s.io/v1alpha1, kind: AdminNetworkPolicy, metadata: {name: first}}"
        try expectGolden(
            await bench(foreign).run("explain pod bystander --to 192.88.99.80:443").output, "explain-network-policy-foreign.txt")
        #expect(await Bench().run("explain pod mediabot --to 192.88.99.80:443").output.contains("NETWORK POLICY") == false)
    }

    @Test func `a name that was asked for has the addresses that were found`() async throws {
        let json = try await bench().run("explain pod mediabot --to api.github.com:443 -o json").json
        #expect(json["networkPolicy"]?["verdict"] == "allowed")
        #expect(json["networkPolicy"]?["by"]?[0]?["field"] == "spec.egress[0]")
        #expect(
            json["networkPolicy"]?["by"]?[0]?["why"]
                == ["spec.egress[0].toFQDNs[0]: api.github.com has 192.88.99.80 (resolved on this machine)"])
        #expect(try await bench().run("explain pod mediabot --to 192.88.99.80:443 -o json").json["networkPolicy"]?["code"] == "EG2041")
    }

    @Test func `a denial is a finding, and the egress verdict stays what it is`() async throws {
        let json = try await bench(Self.names).run("explain pod mediabot --to 192.88.99.80:443 -o json").json
        #expect(json["verdict"]?["action"] == "gateway")
        #expect(json["networkPolicy"]?["verdict"] == "denied")
        let codes = json["findings"]?.arrayValue?.compactMap { $0["code"]?.stringValue } ?? []
        #expect(codes.contains("EG2040"))
        let effects = json["networkPolicy"]?["by"]?.arrayValue?.compactMap { $0["effect"]?.stringValue }
        #expect(effects == ["isolates"])
    }

    @Test func `without a destination the policies that isolate the pod are listed`() async throws {
        let json = try await bench().run("explain pod mediabot -o json").json
        #expect(json["networkPolicy"]?["verdict"] == "unknown")
        #expect(json["networkPolicy"]?["by"]?[0]?["name"] == "mediabot-egress-github-api")
        #expect(try await bench().run("explain pod bystander -o json").json["networkPolicy"]?["verdict"] == "allowed")
    }

    @Test func `kinds that can't be read concern explain alone`() async throws {
        let forbidden = UnreadKind(kind: .ciliumNetworkPolicy, code: .readForbidden, reason: "no")
        let bench = try bench(unread: [forbidden])
        let explained = await bench.run("explain pod bystander --to 192.88.99.80:443 -o json")
        #expect(explained.json["networkPolicy"]?["verdict"] == "unknown")
        #expect(explained.json["networkPolicy"]?["code"] == "EG5003")
        #expect(explained.error.contains("note: Cilium's network policies can't be read"))
        for line in ["status", "list"] {
            let run = await bench.run(line)
            #expect(!(run.output + run.error).lowercased().contains("network polic"), "\(line)")
        }
    }
}
