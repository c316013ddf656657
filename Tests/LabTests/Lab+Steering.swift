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

    /// Lets a chain of Calico's kind decide in FORWARD on the nodes, which turns them to the stack: what is RELATED passes, what
    /// is INVALID doesn't.
    func enforce(on nodes: [String]) async throws {
        for node in nodes {
            for program in ["iptables-nft", "ip6tables-nft"] {
                let rules = """
                    ipt=\(program)
                    $ipt -N cali-FORWARD; $ipt -A FORWARD -j cali-FORWARD
                    $ipt -A cali-FORWARD -m conntrack --ctstate RELATED -j ACCEPT
                    $ipt -A cali-FORWARD -m conntrack --ctstate INVALID -j DROP
                    """
                let outcome = try exec(node, "sh", "-e", "-c", rules)
                #expect(outcome.succeeded, "\(node): \(outcome.errors)")
            }
        }
        for node in nodes { try await expectSteered(node, by: "stack") }
    }

    /// Packets of both families that those rules saw.
    func tracked(on node: String) throws -> (related: Int, invalid: Int) {
        var (related, invalid) = (0, 0)
        for program in ["iptables-nft", "ip6tables-nft"] {
            for line in try exec(node, program, "-vxnL", "cali-FORWARD").output.split(separator: "\n") {
                let count = line.split(separator: " ").first.flatMap { Int($0) } ?? 0
                if line.contains("RELATED") { related += count }
                if line.contains("INVALID") { invalid += count }
            }
        }
        return (related, invalid)
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
