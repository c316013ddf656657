import EgressModel
import EgressPorts
import Glibc
import JSONText
import TestKit
import Testing

@testable import KubeAPI

/// A cluster of Kubernetes' own limits: 150,000 pods on 5,000 nodes. It takes minutes and gigabytes, so it runs where
/// `EGRESS_SCALE` is set, and says figures.
@Suite(.requires(.api), .enabled(if: getenv("EGRESS_SCALE") != nil, "EGRESS_SCALE isn't set: minutes, and 6 GB"), .serialized)
struct ClusterScaleTests {
    @Test func `150000 pods are listed in under 400 MB, and an agent among 5000 nodes is quick`() async throws {
        let fixture = try await ClusterFixture.own()
        defer { fixture.server.stop() }
        for number in 0..<500 {
            _ = try await fixture.client().apply(
                ResourcePath.policies.named("policy-\(number)"), policy(number), manager: "scale", force: true, dryRun: false)
        }
        try await fixture.kill()
        let etcd = (FileText.read("\(fixture.server.folder)/etcd.url") ?? "").filter { !$0.isWhitespace }
        try Command.run(["\(Programs.top)/Tests/Lab/fill-etcd", etcd, "150000", "5000"])
        try await fixture.resume()

        let before = memory()
        let cluster = try fixture.cluster()
        var snapshot: ClusterSnapshot? = nil
        let took = try await ContinuousClock().measure { snapshot = try await cluster.snapshot() }
        let peak = memory()
        #expect(snapshot?.pods.count == 150_000 && snapshot?.nodes.count == 5000 && snapshot?.isComplete == true)
        print(
            "scale: \(snapshot?.pods.count ?? 0) pods in \(took); resident before \(before.now) MB, at most \(peak.most) MB, after \(peak.now) MB"
        )
        #expect(peak.most < 400)
        snapshot = nil

        let agent = try fixture.cluster(.node("node-17"))
        let synced = try await ContinuousClock().measure {
            let known = try await agent.snapshot()
            #expect(known.pods.count == 30 && known.nodes.count == 5000 && known.isComplete)
        }
        let cost = try await ContinuousClock().measure { for _ in 0..<1000 { _ = try await agent.snapshot() } } / 1000
        print("scale: an agent knows its cluster after \(synced); a snapshot costs \(cost)")
        try await follow(agent, try fixture.client())
    }

    /// From the request that changes a label until the agent's state has it.
    private func follow(_ agent: APICluster, _ client: KubeClient) async throws {
        let pod = try #require(try await agent.snapshot().pods.first)
        let path = ResourcePath.pods.inside(pod.namespace).named(pod.name)
        var times: [Duration] = []
        var changes = agent.changes().makeAsyncIterator()
        _ = await changes.next()
        for number in 0..<200 {
            async let patched: Void = {
                _ = try await client.patch(path, .merge, ["metadata": ["labels": ["turn": .string("\(number)")]]])
            }()
            let began = ContinuousClock.now
            while await changes.next() != nil {
                if try await agent.snapshot().pods.first(where: { $0.name == pod.name })?.metadata.labels["turn"] == "\(number)" { break }
            }
            times.append(began.duration(to: .now))
            try await patched
        }
        times.sort()
        print("scale: a label's way to the agent's state: p50 \(times[100]), p99 \(times[198])")
        #expect(times[198] < .milliseconds(500))
    }

    private func policy(_ number: Int) -> JSONValue {
        [
            "apiVersion": "cilium.io/v2", "kind": "CiliumEgressGatewayPolicy", "metadata": ["name": .string("policy-\(number)")],
            "spec": [
                "selectors": [["podSelector": ["matchLabels": ["app.kubernetes.io/name": .string("app-\(number)")]]]],
                "destinationCIDRs": [.string("198.51.\(number % 256).0/24")],
                "egressGateway": [
                    "nodeSelector": ["matchLabels": ["role": "gateway"]], "egressIP": .string("203.0.113.\(number % 250 + 1)"),
                ],
            ],
        ]
    }

    /// Of this process, in megabytes.
    private func memory() -> (now: Int, most: Int) {
        func value(_ name: String) -> Int {
            let line = FileText.read("/proc/self/status")?.split(separator: "\n").first { $0.hasPrefix(name) }
            return (line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) / 1024
        }
        return (value("VmRSS:"), value("VmHWM:"))
    }
}
