import TestKit
import Testing

/// The lab's answer to every packet of every scenario; nginx's log is the witness.
@Suite(.requires(.lab), .serialized)
struct LabScenarioTests {
    private let nodes = ["mediabot": "192.0.2.11", "bystander": "192.0.2.11", "mediabot-on-gateway": "192.0.2.12"]

    @Test(arguments: try Scenario.all())
    func `the lab does what the scenario says`(scenario: Scenario) async throws {
        try await Lab.with { lab in
            try lab.apply(scenario.policy)
            for packet in scenario.packets {
                #expect(packet.port == 80 && packet.transport == "tcp", "nginx is asked: \(packet)")
                let words = packet.expectation.split(separator: " ").map(String.init)
                switch words[0] {
                case "snat":
                    #expect(try lab.seen(packet.pod, server: packet.address) == words[1], "\(packet)")
                case "drop":
                    #expect(try lab.seen(packet.pod, server: packet.address, timeout: 1) == nil, "\(packet)")
                    #expect(try lab.egress("explain", "pod", packet.pod, "--to", packet.address).output.contains(words[1]), "\(packet)")
                default:
                    let node = try #require(nodes[packet.pod])
                    #expect(try lab.seen(packet.pod, server: packet.address) == node, "\(packet)")
                }
            }
        }
    }
}
