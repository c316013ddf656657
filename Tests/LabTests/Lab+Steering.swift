import TestKit
import Testing

extension Lab {
    /// Waits until the node's pods are steered so, in the kernel's records.
    func expectSteered(_ node: String, by way: String) async throws {
        let filter = #"[.result.pods[].steering] | unique | join(",")"#
        let found = try await eventually(way) {
            try Command.outcome(["jq", "-r", filter], input: try ask("state.get", node: node)).output
        }
        #expect(found == way + "\n", "\(node) is steered by \(found)")
    }

    /// Packets that the node's FORWARD chain saw of the pod and for it, since the first question.
    func forwarded(_ pod: String, on node: String) throws -> (sent: Int, given: Int) {
        let table = "witness_\(pod.filter { $0 != "-" })"
        if try !exec(node, "nft", "list", "table", "inet", table).succeeded {
            let address = try exec(pod, "hostname", "-I").output.split(separator: " ").first.map(String.init) ?? ""
            let rules = """
                table inet \(table) {
                \tchain forward {
                \t\ttype filter hook forward priority -50; policy accept;
                \t\tip saddr \(address) counter
                \t\tip daddr \(address) counter
                \t}
                }
                """
            #expect(try exec(node, "nft", rules).succeeded)
        }
        let listed = try exec(node, "nft", "list", "table", "inet", table).output
        let counts = listed.split(separator: "\n").filter { $0.contains("counter packets") }.compactMap { line in
            line.split(separator: " ").drop { $0 != "packets" }.dropFirst().first.flatMap { Int($0) }
        }
        guard counts.count == 2 else { throw TestKitError("no counters on \(node): \(listed)") }
        return (counts[0], counts[1])
    }
}
