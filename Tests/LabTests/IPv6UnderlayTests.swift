import Foundation
import TestKit
import Testing

/// Both families of pods over a tunnel of IPv6, on nodes that know each other by nothing else: a whole lab.
@Suite(.requires(.lab), .ipv6Underlay, .serialized)
struct IPv6UnderlayTests {
    private let lab: Lab

    init() throws { lab = try #require(IPv6Underlay.current) }

    @Test func `both families leave by the egress IP of another node, past conntrack`() async throws {
        // After the raw hooks, where the tunnel's own packets were taken out of conntrack's hands.
        let witness = """
            table inet witness {
            chain arriving { type filter hook prerouting priority -150; ip6 nexthdr udp udp dport 8474 jump judge; }
            chain leaving { type filter hook output priority -150; ip6 nexthdr udp udp dport 8474 jump judge; }
            chain judge { ct state untracked counter accept; counter drop; }
            }
            """
        for node in ["node-1", "node-2"] { #expect(try lab.exec(node, "nft", witness).succeeded) }
        for way in ["redirect", "stack"] {
            try lab.call("steer", "node-1", way)
            try await lab.expectSteered("node-1", by: way)
            for family in LabFamily.both {
                #expect(try lab.seen("mediabot", server: family.server) == family.egressIP, "\(way), \(family)")
                let ping = try lab.exec("mediabot", "ping", "-c", "2", "-i", "0.2", "-W", "2", family.outside)
                #expect(ping.succeeded, "\(way), \(family): \(ping.output)")
            }
        }
        let sockets = lab.path.appendingPathComponent("{node}/helper.sock").path
        let status = try lab.egress("status", "-o", "json", "--socket", sockets).output
        let used = #".addresses[] | select(.gatewayNode == "node-2") | .used > 0 and .free == .capacity - .used and .remote != null"#
        #expect(try Command.outcome(["jq", used], input: status).output == "true\ntrue\n", "\(status)")
        for node in ["node-1", "node-2"] {
            let rules = try lab.exec(node, "nft", "list", "chain", "inet", "witness", "judge").output
            #expect(!rules.contains("untracked counter packets 0 "), "none was seen on \(node): \(rules)")
            #expect(rules.contains("\t\tcounter packets 0 bytes 0 drop"), "\(node): \(rules)")
            _ = try lab.exec(node, "nft", "delete", "table", "inet", "witness")
        }
        try lab.call("steer", "node-1", "auto")
    }

    @Test func `no size is a black hole at 1500 and 1400, of which the tunnel takes 70`() async throws {
        let upload = try UploadServer(lab)
        defer { upload.stop() }
        let datagrams = try LargeDatagrams(lab)
        defer { datagrams.stop() }
        for mtu in [1500, 1400] {
            try lab.narrow(to: mtu)
            try lab.checkSizes(of: "mediabot", octets: 1_000_000, most: mtu - IPv6Underlay.overhead, datagrams: datagrams)
        }
        try lab.narrow(to: 1500)
    }

    @Test func `the tunnel is no door to host-network pods, strangers, pods behind masquerade, and who kept an old token`() async throws {
        let before = try String(contentsOfFile: lab.tokenFile, encoding: .utf8).split(separator: "\n").map(String.init)
        let old = try #require(before.first)
        func counted(_ names: [String]) throws -> [Int] { try names.map { try lab.counter($0, node: "node-2") } }
        let reasons = ["token", "inner_source", "outer_source", "translated"]
        let first = try counted(reasons)
        // A pod with the node's network, first as anybody, then with the token, and another node's pod for its source.
        try forge("node-1", Forgery(), Forgery(token: old, source: "10.244.3.7"))
        // No node of the cluster, though it has the token; and a pod whose packets get the node's address.
        try forge("underlay", Forgery(token: old))
        try forge("bystander", Forgery(token: old))
        let second = try counted(reasons)
        #expect(zip(second, first).map(-) == [5, 5, 5, 0])
        let rules = try lab.exec("node-1", "nft", "list", "table", "inet", "kubectl_egress").output
        #expect(rules.contains("dport 8474 counter packets 5 "), "\(rules)")

        let new = "0123456789abcdef01234567"
        try lab.useTokens([new, old])
        #expect(try await lab.eventuallySeen("mediabot", as: Lab.egressIP) == Lab.egressIP)
        try lab.useTokens([new])
        for family in LabFamily.both {
            #expect(try await lab.eventuallySeen("mediabot", server: family.server, as: family.egressIP) == family.egressIP)
        }
        // What was kept of the tunnel's packets is worth nothing as soon as the gateway's helper has the plan.
        let forged = Forgery(token: old, source: "10.244.3.7")
        for _ in 0..<20 where try counted(["token"]) == [second[0]] {
            try forge("node-1", forged)
            try await Task.sleep(for: .milliseconds(100))
        }
        let third = try counted(reasons)
        try forge("node-1", forged)
        #expect(zip(try counted(reasons), third).map(-) == [5, 0, 0, 0])
    }

    private func forge(_ place: String, _ forgeries: Forgery...) throws {
        let sent = try lab.exec(place, "/usr/bin/python3", "-c", Forgery.program(forgeries))
        #expect(sent.succeeded, "\(place): \(sent.errors)")
    }

    @Test func `another gateway takes over when the first isn't ready`() async throws {
        for family in LabFamily.both {
            let name = "egress-sample-\(family.isIPv6 ? "6" : "4")"
            try lab.apply(
                samplePolicy(
                    name: name, gatewayLabel: "role: egress", source: "interface: eth0", destinations: "[\"\(family.everything)\"]"))
        }
        // The first of the interface's.
        let addresses = [(LabFamily.ipv4, "192.0.2.12", "192.0.2.13"), (.ipv6, Lab.egressIP6, Lab.secondEgressIP6)]
        for (family, first, _) in addresses { #expect(try lab.seen("mediabot", server: family.server) == first) }
        try lab.call("ready", "node-2", "False")
        for (family, _, second) in addresses {
            #expect(try await lab.eventuallySeen("mediabot", server: family.server, as: second) == second)
        }
        try lab.call("ready", "node-2", "True")
        try lab.applyBothFamilies()
    }
}
