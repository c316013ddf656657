import EgressModel
import EgressPolicy
import KubeObjects
import TestKit
import Testing

/// The engine's answer to every packet of every scenario.
@Suite struct EngineScenarioTests {
    @Test(arguments: try Scenario.all())
    func `the engine says what the scenario says`(scenario: Scenario) throws {
        var reading = KubeReading(try #require(FileText.read(Scenario.cluster)), file: "cluster.yaml")
        reading.append(KubeReading(scenario.policy, file: "policy.yaml"))
        let snapshot = clusterSnapshot(from: reading)
        #expect(snapshot.findings == [])
        #expect(snapshot.policies.allSatisfy { $0.policy != nil && $0.findings.isEmpty })
        let effective = resolve(snapshot)
        for packet in scenario.packets {
            let pod = try #require(snapshot.pods.first { $0.name == packet.pod && $0.namespace == packet.namespace })
            let destination = Destination(
                address: try #require(IPAddress(packet.address)), port: packet.port, transport: packet.transport)
            let verdict = try #require(explain(pod, to: destination, in: effective).verdict)
            #expect(words(verdict) == packet.expectation, "\(packet)")
        }
    }

    private func words(_ verdict: Verdict) -> String {
        switch verdict.action {
        case .gateway: "snat \(verdict.egressIP.map(String.init(describing:)) ?? "?") via \(verdict.gatewayNode ?? "?")"
        case .drop: "drop \(verdict.code)"
        case .exclude, .direct, .notApplicable: verdict.action?.rawValue ?? ""
        case nil: "unknown \(verdict.code)"
        }
    }
}
