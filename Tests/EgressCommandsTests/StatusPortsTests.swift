import EgressModel
import EgressPlan
import FoundationEssentials
import JSONText
import KubeObjects
import Testing

/// `status` says how many ports an egress IP has, and asks helpers how many are in use.
@Suite struct StatusPortsTests {
    private static let egressIP = IPAddress("203.0.113.100")

    private static func bench(on node: String, _ uses: [(remote: String, used: Int)]) throws -> Bench {
        let helper = FakeHelper(node: node, facts: HostFacts())
        let ports = try uses.map { use in
            PortUse(
                egressIP: try #require(egressIP), transport: .tcp,
                remote: Endpoint(try #require(IPAddress(use.remote)), 443),
                used: use.used, capacity: 64512, refused: 0)
        }
        helper.change { $0.ports = ports }
        var bench = Bench()
        bench.helper = helper
        return bench
    }

    @Test func `the fullest remote is told, by the gateway's helper`() async throws {
        let json = try await Self.bench(on: "node-2", [("192.88.99.80", 2), ("192.88.99.81", 500)]).run("status -o json").json
        let remote: JSONValue = ["address": "192.88.99.81", "port": 443]
        #expect(json["policies"]?[0]?["ports"] == ["remote": remote, "used": 500, "free": 64012])
        let address = json["addresses"]?[0]
        #expect(address?["used"] == 500 && address?["free"] == 64012 && address?["remote"] == remote && address?["protocol"] == "tcp")
        #expect(address?["code"] == .null && address?["reason"] == .null)
    }

    @Test func `no port in use is none, and not unknown`() async throws {
        let json = try await Self.bench(on: "node-2", []).run("status -o json").json
        #expect(json["policies"]?[0]?["ports"] == ["remote": nil, "used": 0, "free": 64512])
    }

    @Test func `another node's helper knows nothing of the gateway's ports`() async throws {
        let json = try await Self.bench(on: "node-1", [("192.88.99.80", 2)]).run("status -o json").json
        #expect(json["policies"]?[0]?["ports"] == .null)
        #expect(json["addresses"]?[0]?["code"] == "EG5002")
        #expect(json["addresses"]?[0]?["reason"] == "only the helper of node-1 was asked")
    }

    @Test func `a helper that was named and doesn't answer is worth a finding, one that wasn't is not`() async throws {
        func found(_ line: String) async -> Bool {
            await Bench().run(line).json["findings"]?.arrayValue?.contains { $0["code"] == "EG5002" } == true
        }
        #expect(await found("status -o json --socket /run/{node}.sock"))
        #expect(await !found("status -o json"))
        #expect(await Bench().run("status --socket /run/none.sock").code == 0)
    }

    @Test func `an address that the node uses too has our slice of its ports`() async throws {
        let text = try contents(testFile("Fixtures/cluster.yaml")).replacing("203.0.113.100", with: "192.0.2.12")
        let snapshot = FakeCluster(clusterSnapshot(from: KubeReading(text, file: "cluster.yaml")))
        let json = await Bench(snapshot).run("status -o json").json
        #expect(json["addresses"]?[0]?["shared"] == true && json["addresses"]?[0]?["capacity"] == 8192)
        #expect(await Bench(snapshot).run("status").output.contains("8192 (shared)"))
    }
}
