import ClusterFolder
import EgressModel
import EgressPlan
import EgressPorts
import EgressWire
import HelperSocket
import Logging
import Testing

@testable import EgressCommands

/// The agent over the real socket; behind its other end is a helper in memory.
@Suite struct AgentSocketTests {
    private let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func serve(_ helper: FakeHelper, at path: String) throws -> Task<Void, any Error> {
        let server = HelperServer(
            listener: try HelperListener.open(path: path), helper: helper,
            hello: HelperHello(helper: "0.1.0", node: helper.node, abi: 3, methods: []), logger: log)
        return Task { try await server.run() }
    }

    @Test func `an agent survives the restart of its helper`() async throws {
        let folder = try TemporaryFolder()
        let state = try TemporaryFolder()
        var snapshot = try contents(testFile("Fixtures/cluster.yaml")).split(separator: "---\n").map(String.init)
        snapshot.removeAll { $0.contains("kind: EgressNode") }
        try state.write(snapshot.joined(separator: "---\n"), to: "cluster.yaml")
        let cluster = ClusterFolder(path: state.path)
        let path = folder.path + "/helper.sock"
        let helper = FakeHelper(node: "node-2", facts: AgentTurnTests.facts())
        var server = try serve(helper, at: path)
        let loop = AgentLoop(
            settings: AgentSettings(node: "node-2", socket: path), cluster: cluster,
            openHelper: { try await HelperClient.connect(path: $0) },
            clock: FixedClock(now: Bench.now), log: log)
        let agent = Task { await loop.run() }
        let isProgrammed = { @Sendable () async throws -> Bool in
            let node = try await cluster.snapshot().egressNodes.first { $0.name == "node-2" }
            return node?.policies.first { $0.name == "egress-sample" }?.programmed == true
        }
        let first = try await eventually(isProgrammed)
        #expect(first)
        #expect(helper.applied.last?.tunnel.tokens.count == 1, "the token reaches the helper")
        server.cancel()
        _ = try? await server.value
        let isDown = try await eventually { try await !isProgrammed() }
        #expect(isDown)
        server = try serve(helper, at: path)
        let again = try await eventually(isProgrammed)
        #expect(again)
        #expect(helper.applied.count == 2)
        agent.cancel()
        await agent.value
        server.cancel()
        _ = try? await server.value
    }
}
