import Foundation
import TestKit
import Testing

/// Both ways of steering, on every kind of wiring and place of the gateway; nginx is the witness of what leaves, and a
/// counting chain in FORWARD of the way.
@Suite(.requires(.lab), .serialized)
struct SteeringTests {
    /// A pod, its node and how that is wired, and the policy's gateway.
    struct Cell: Sendable {
        let pod: String, node: String, gateway: String
    }

    /// The pods of `bridge` nodes and of a `ptp` node, each with its gateway here and elsewhere.
    private static let rounds: [(gateway: String, address: String, address6: String, cells: [Cell])] = [
        (
            "node-2", Lab.egressIP, Lab.egressIP6,
            [
                Cell(pod: "mediabot", node: "node-1", gateway: "bridge, elsewhere"),
                Cell(pod: "mediabot-on-gateway", node: "node-2", gateway: "ptp, here"),
            ]
        ),
        (
            "node-3", Lab.secondEgressIP, Lab.secondEgressIP6,
            [
                Cell(pod: "mediabot-on-gateway", node: "node-2", gateway: "ptp, elsewhere"),
                Cell(pod: "third", node: "node-3", gateway: "bridge, here"),
            ]
        ),
    ]

    private static let both = #"["0.0.0.0/0", "::/0"]"#

    @Test func `in all eight cells pods leave by the egress IP, by the way that was said`() async throws {
        // Links narrower than the pods believe: what is large shows that nothing falls into a hole.
        try await Lab.with(options: ["--mtu", "1400", "--pod-mtu", "1500"]) { lab in
            try lab.call("pod-add", "third", "node-3", "org=empire", "class=mediabot")
            // Reverse path filters: strict on nodes with pods here, one of them a gateway too, and loose on the other.
            for (node, filter) in [("node-1", 1), ("node-2", 1), ("node-3", 2)] {
                let words = ["all", "eth0"].map { "net.ipv4.conf.\($0).rp_filter=\(filter)" }
                #expect(try lab.run("exec", [node, "sysctl", "-w"] + words).succeeded)
            }
            let echo = try UDPEcho(lab)
            defer { echo.stop() }
            #expect(try lab.exec("outside", "nft", Self.fragmentWitness).errors == "")
            for way in ["stack", "redirect"] {
                for node in ["node-1", "node-2", "node-3"] { try lab.call("steer", node, way) }
                for (gateway, address, address6, cells) in Self.rounds {
                    try lab.apply(samplePolicy(gateway: gateway, source: "egressIP: \(address)", destinations: Self.both))
                    for cell in cells {
                        let name = "\(way), \(cell.gateway)"
                        try await lab.expectSteered(cell.node, by: way)
                        let before = try lab.forwarded(cell.pod, on: cell.node)
                        #expect(try await lab.eventuallySeen(cell.pod, as: address) == address, "\(name)")
                        #expect(try lab.seen(cell.pod, server: "[\(Lab.outside6)]") == address6, "\(name): IPv6")
                        #expect(try echo.peer(from: cell.pod) == address, "\(name): UDP")
                        for server in [Lab.outside, Lab.outside6] {
                            // In fragments both ways; the first few may tell how large they may be.
                            let ping = try lab.exec(cell.pod, "ping", "-c4", "-i0.1", "-W1", "-s3000", server)
                            #expect(ping.succeeded, "\(name): ping \(server): \(ping.output)")
                            let url = "http://\(server.contains(":") ? "[\(server)]" : server)/big/../big"
                            let large = try lab.exec(
                                cell.pod, "curl", "-sS", "--max-time", "10", "-o", "/dev/null", "-w", "%{size_download}", url)
                            #expect(large.output == "1048576", "\(name): \(server): \(large.errors)")
                        }
                        let after = try lab.forwarded(cell.pod, on: cell.node)
                        if way == "stack" {
                            #expect(after.sent > before.sent && after.given > before.given, "\(name): \(before) \(after)")
                        } else {
                            #expect(after == before, "\(name)")
                        }
                    }
                }
            }
            #expect(try lab.seen("bystander") == "192.0.2.11")
            let fragments = try lab.exec("outside", "nft", "list", "table", "inet", "fragments").output.split(separator: "\n")
            let strange = fragments.filter { $0.contains("saddr !=") }
            #expect(strange.count == 2 && strange.allSatisfy { $0.contains("packets 0 ") }, "by no other address: \(strange)")
            let ours = fragments.filter { $0.contains("saddr {") }
            #expect(ours.count == 2 && ours.allSatisfy { !$0.contains("packets 0 ") }, "\(ours)")
        }
    }

    /// Counts fragments before they are put together, by whether an egress IP sent them.
    private static let fragmentWitness = """
        table inet fragments {
        \tchain come {
        \t\ttype filter hook prerouting priority -450; policy accept;
        \t\tip frag-off & 0x3fff != 0 ip saddr { \(Lab.egressIP), \(Lab.secondEgressIP) } counter
        \t\tip frag-off & 0x3fff != 0 ip saddr != { \(Lab.egressIP), \(Lab.secondEgressIP) } counter
        \t\tip6 nexthdr 44 ip6 saddr { \(Lab.egressIP6), \(Lab.secondEgressIP6) } counter
        \t\tip6 nexthdr 44 ip6 saddr != { \(Lab.egressIP6), \(Lab.secondEgressIP6) } counter
        \t}
        }
        """

    @Test func `a living connection changes its way there and back without a packet lost`() async throws {
        try await Lab.with { lab in
            try lab.apply(samplePolicy(destinations: Self.both))
            // As kube-proxy has it: what belongs to no connection is dropped. Its chain decides nothing about pods.
            for node in ["node-1", "node-2"] {
                let rules = """
                    iptables-nft -N KUBE-FORWARD && iptables-nft -A FORWARD -j KUBE-FORWARD &&
                    iptables-nft -A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
                    """
                #expect(try lab.exec(node, "sh", "-c", rules).succeeded)
                try await lab.expectSteered(node, by: "redirect")
            }
            let pods = ["mediabot": "node-1", "mediabot-on-gateway": "node-2"]
            let end = lab.path.appendingPathComponent("end").path
            let steady = Lab.top.appendingPathComponent("Tests/Lab/steady-requests").path
            var running: [(name: String, requests: RunningCommand, ping: RunningCommand)] = []
            for (server, family) in [(Lab.outside, 4), (Lab.outside6, 6)] {
                for pod in pods.keys.sorted() {
                    let name = "steady-\(pod)-\(family)"
                    let ping = try lab.start(pod, "ping", "-i0.05", "-c160", "-W1", server)
                    running.append((name, try lab.start(pod, steady, server, name, end), ping))
                }
            }
            defer { for one in running { one.requests.stop(); one.ping.stop() } }
            for way in ["stack", "redirect", "stack", "redirect"] {
                for node in ["node-1", "node-2"] { try lab.call("steer", node, way) }
                for (pod, node) in pods {
                    try await lab.expectSteered(node, by: way)
                    let before = try lab.forwarded(pod, on: node)
                    // What keeps the stack's masquerade away comes back by itself.
                    if way == "stack" { _ = try lab.exec(node, "nft", "delete", "table", "inet", "kubectl_egress") }
                    try await Task.sleep(for: .milliseconds(600))
                    if way == "stack" {
                        let table = try lab.exec(node, "nft", "list", "table", "inet", "kubectl_egress").output
                        #expect(table.contains("stack_keep_source"), "\(node)")
                    }
                    let after = try lab.forwarded(pod, on: node)
                    #expect((after.sent > before.sent) == (way == "stack"), "\(pod) by \(way): \(before) \(after)")
                    #expect((after.given > before.given) == (way == "stack"), "\(pod) by \(way): \(before) \(after)")
                    // Enough to leave the window in which tracking last saw the connection.
                    if way == "redirect" { _ = try lab.exec(pod, "curl", "-sS", "-o", "/dev/null", "http://\(Lab.outside)/big/../big") }
                }
            }
            try Data().write(to: URL(fileURLWithPath: end))
            for one in running {
                let outcome = one.requests.finish()
                let last = outcome.output.split(separator: "\n").last.map(String.init) ?? ""
                #expect(last.hasPrefix("done ") && last.hasSuffix(" 0"), "\(one.name): \(last) \(outcome.errors)")
                let pings = one.ping.finish().output
                #expect(pings.contains(" 0% packet loss"), "\(one.name): \(pings.suffix(200))")
                let lines = try lab.accessLog().filter { $0.contains("/\(one.name)/") }
                let seen = Set(lines.map { $0.split(separator: " ").prefix(2).joined(separator: " ") })
                let address = one.name.hasSuffix("6") ? Lab.egressIP6 : Lab.egressIP
                #expect(seen.count == 1 && seen.first?.hasPrefix("\(address) ") == true, "\(one.name): one address, one port: \(seen)")
            }
            for node in ["node-1", "node-2"] {
                let rules = try lab.exec(node, "iptables-nft", "-vxnL", "KUBE-FORWARD").output
                #expect(rules.split(separator: "\n").last?.split(separator: " ").first == "0", "\(node): nothing was INVALID: \(rules)")
            }
        }
    }
}
