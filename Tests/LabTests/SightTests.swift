import Foundation
import TestKit
import Testing

/// What the helper says of connections, beside what nginx saw of them.
@Suite(.requires(.lab), .serialized)
struct SightTests {
    private func socket(_ lab: Lab, _ node: String) -> String { lab.path.appendingPathComponent("\(node)/helper.sock").path }

    /// Lines of `-o json`, each as `jq` reads it.
    private func read(_ lines: String, _ filter: String) throws -> [String] {
        let objects = lines.split(separator: "\n").filter { $0.hasPrefix("{") }.joined(separator: "\n")
        return try Command.run(["jq", "-r", filter], input: objects).split(separator: "\n").map(String.init)
    }

    @Test func `observe and nginx's log agree line by line, nat lists the same, and a trace predicts it`() async throws {
        try await Lab.with { lab in
            try lab.apply(samplePolicy())
            let program = Lab.products.appendingPathComponent("kubectl-egress").path
            let observe = try Command.start(
                [
                    "sh", "-c", "exec \"$@\" 2>&1", "sh", program, "observe", "-f", "-o", "json", "--kind", "opened", "--to",
                    "\(Lab.outside):80",
                ]
                    + ["--socket", socket(lab, "node-2")], environment: ["KUBECTL_EGRESS_SNAPSHOT": lab.cluster.path])
            defer { observe.stop() }
            try observe.wait(for: "watching node-2")

            let trace = try lab.egress(
                "explain", "pod", "mediabot", "--to", "\(Lab.outside):80", "--trace", "--socket", lab.path.path + "/{node}/helper.sock")
            #expect(trace.output.contains("on node-1: into the tunnel to node-2"), "\(trace.output)\(trace.errors)")
            #expect(trace.output.contains("on node-2: leaves as \(Lab.egressIP):50000"), "\(trace.output)")
            try lab.call("steer", "node-1", "stack")
            try await lab.expectSteered("node-1", by: "stack")
            let stacked = try lab.egress(
                "explain", "pod", "mediabot", "--to", "\(Lab.outside):80", "--trace", "--socket", lab.path.path + "/{node}/helper.sock")
            #expect(stacked.output.contains("marked 0x1000"), "\(stacked.output)\(stacked.errors)")
            #expect(stacked.output.contains("on node-2: leaves as \(Lab.egressIP):50000"), "\(stacked.output)")

            var pods: [String] = []
            for number in 0..<20 {
                let pod = number.isMultiple(of: 3) ? "mediabot-on-gateway" : "mediabot"
                pods.append("default/\(pod)")
                #expect(try lab.seen(pod) == Lab.egressIP)
            }
            let witness = try lab.accessLog().map { $0.split(separator: " ").prefix(2).joined(separator: " ") }
            #expect(witness.count == 20)
            let said = try await lab.eventually("\n", within: 3) { observe.said.split(separator: "\n").count > 20 ? "\n" : "" }
            #expect(said == "\n", "\(observe.said)")
            #expect(try read(observe.said, #""\(.egress.address) \(.egress.port)""#) == witness)
            #expect(try read(observe.said, #""\(.pod.namespace)/\(.pod.name)""#) == pods)
            #expect(Set(try read(observe.said, #""\(.policy) \(.gatewayNode) \(.lost)""#)) == ["egress-sample node-2 0"])

            let nat = try lab.egress("nat", "--to", "\(Lab.outside):80", "--socket", socket(lab, "node-2"), "-o", "json")
            let listed = try Command.run(["jq", "-r", #".translations[] | "\(.egress.address) \(.egress.port)""#], input: nat.output)
            #expect(Set(listed.split(separator: "\n").map(String.init)) == Set(witness))
            let ports = try lab.egress("nat", "--ports", "--socket", socket(lab, "node-2"))
            #expect(ports.output.contains("\(Lab.outside):80/tcp") && ports.output.contains(" \(Set(witness).count) "), "\(ports.output)")
        }
    }

    @Test func `a dropped packet is told with its reason, and every node may be watched at once`() async throws {
        try await Lab.with { lab in
            try lab.apply(samplePolicy())
            let program = Lab.products.appendingPathComponent("kubectl-egress").path
            let observe = try Command.start(
                ["sh", "-c", "exec \"$@\" 2>&1", "sh", program, "observe", "-f", "--kind", "dropped", "--pod", "mediabot"]
                    + ["--socket", lab.path.path + "/{node}/helper.sock"], environment: ["KUBECTL_EGRESS_SNAPSHOT": lab.cluster.path])
            defer { observe.stop() }
            for node in ["node-1", "node-2", "node-3"] { try observe.wait(for: "watching \(node)") }
            // SCTP can't be translated.
            let hello = "import socket; socket.socket(socket.AF_INET, socket.SOCK_RAW, 132).sendto(b'0123456789ab', ('\(Lab.outside)', 0))"
            #expect(try lab.exec("mediabot", "python3", "-c", hello).succeeded)
            try observe.wait(for: "kubectl egress explain code EG3006")
            #expect(observe.said.contains("default/mediabot"), "\(observe.said)")
        }
    }
}
