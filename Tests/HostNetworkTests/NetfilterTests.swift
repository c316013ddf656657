// SPDX-License-Identifier: Apache-2.0
import EgressModel
import EgressPlan
import TestKit
import Testing

@testable import HostNetwork

/// The rules in a real kernel, with real packets.
@Suite(.requires(.lab))
struct NetfilterTests {
    private static func range(_ lower: String, _ upper: String) throws -> ClosedRange<IPAddress> {
        try #require(IPAddress(lower))...(try #require(IPAddress(upper)))
    }

    private static func rules() throws -> NetfilterRules {
        NetfilterRules(
            tunnelPort: 8474,
            guarded: [
                GuardedSources(sources: [try #require(IPAddress("10.244.1.10"))], claimed: [try range("198.51.100.0", "198.51.100.255")]),
                GuardedSources(sources: [try #require(IPAddress("2001:db8:1::a"))], claimed: [try range("::", "2001:db8::ffff")]),
            ], uplinks: ["up0"])
    }

    @Test func `the table loads, is replaced whole, and goes`() throws {
        let node = try Namespace()
        var rules = try Self.rules()
        try node.run { [rules] in try HostNetwork().setNetfilter(rules) }
        rules.guarded[0].claimed = [try Self.range("0.0.0.0", "255.255.255.255")]
        rules.guarded[1].claimed = [try Self.range("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")]
        rules.tunnelPort = 8475
        try node.run { [rules] in try HostNetwork().setNetfilter(rules) }
        let listed = try node.output("nft list ruleset")
        #expect(listed.contains("udp dport 8475 counter") && !listed.contains("8474"))
        #expect(listed.components(of: "table ") == 1)
        try node.run { try HostNetwork().setNetfilter(NetfilterRules()) }
        try node.run { try HostNetwork().setNetfilter(NetfilterRules()) }
        #expect(try node.output("nft list ruleset") == "")
    }

    @Test func `a refused table leaves the one before, and says why`() throws {
        let node = try Namespace()
        try node.run { try HostNetwork().setNetfilter(try Self.rules()) }
        var broken = try Self.rules()
        broken.guarded[0].claimed = [try Self.range("10.0.0.0", "10.0.0.9"), try Self.range("10.0.0.5", "10.0.0.20")]
        let error = #expect(throws: HostNetworkError.self) { try node.run { [broken] in try HostNetwork().setNetfilter(broken) } }
        #expect(error?.description.contains("conflicting intervals") == true, "\(String(describing: error))")
        #expect(try node.output("nft list ruleset").contains("198.51.100.0/24"))
    }

    @Test func `what a claimed pod sends by itself is dropped and counted, anything else is not`() throws {
        let fixture = try NodeFixture()
        let pod = try DatagramSocket(fixture.pod, port: 5000)
        let server = try DatagramSocket(fixture.outside, port: 7000)
        try pod.send("before", to: "198.51.100.2", port: 7000)
        #expect(server.receive() == "before")
        try fixture.node.run { try HostNetwork().setNetfilter(try Self.rules()) }
        try pod.send("unclaimed", to: "203.0.113.5", port: 7000)
        #expect(server.receive() == "unclaimed")
        let other = try DatagramSocket(fixture.pod, port: 5001)
        try other.send("claimed", to: "198.51.100.2", port: 7000)
        #expect(server.receive() == nil)
        #expect(
            try fixture.node.output("nft list chain inet kubectl_egress guard_claimed").contains("ct direction original counter packets 1 ")
        )
    }

    @Test func `the answer to a connection that came in passes`() throws {
        let fixture = try NodeFixture()
        try fixture.node.run { try HostNetwork().setNetfilter(try Self.rules()) }
        let pod = try DatagramSocket(fixture.pod, port: 5000)
        let client = try DatagramSocket(fixture.outside, port: 7000)
        try client.send("question", to: "10.244.1.10", port: 5000)
        #expect(pod.receive() == "question")
        try pod.send("answer", to: "198.51.100.2", port: 7000)
        #expect(client.receive() == "answer")
    }

    @Test func `a connection that conntrack does not know is dropped`() throws {
        let fixture = try NodeFixture()
        try fixture.node.run { try HostNetwork().setNetfilter(try Self.rules()) }
        try fixture.node.shell(
            """
            nft add table ip foreign
            nft 'add chain ip foreign raw { type filter hook prerouting priority -300; }'
            nft add rule ip foreign raw udp dport 7000 notrack
            """)
        let server = try DatagramSocket(fixture.outside, port: 7000)
        try DatagramSocket(fixture.pod, port: 5000).send("untracked", to: "198.51.100.2", port: 7000)
        #expect(server.receive() == nil)
        #expect(
            try fixture.node.output("nft list chain inet kubectl_egress guard_claimed").contains(
                "ct state invalid,untracked counter packets 1 "))
    }

    @Test func `a tunnel packet that a pod made is not forwarded`() throws {
        let fixture = try NodeFixture()
        try fixture.node.run { try HostNetwork().setNetfilter(NetfilterRules(tunnelPort: 8474)) }
        let server = try DatagramSocket(fixture.outside, port: 8474)
        try DatagramSocket(fixture.pod, port: 5000).send("hand-made", to: "203.0.113.5", port: 8474)
        #expect(server.receive() == nil)
        #expect(try fixture.node.output("nft list chain inet kubectl_egress tunnel_forward").contains("udp dport 8474 counter packets 1 "))
    }

    @Test func `a node's own tunnel packets arrive, and make no conntrack entry`() throws {
        let fixture = try NodeFixture()
        // The guard makes conntrack run at all.
        try fixture.node.run { try HostNetwork().setNetfilter(try Self.rules()) }
        let node = try DatagramSocket(fixture.node, port: 8474)
        let peer = try DatagramSocket(fixture.outside, port: 8474)
        try node.send("out", to: "198.51.100.2", port: 8474)
        #expect(peer.receive() == "out")
        try peer.send("in", to: "198.51.100.1", port: 8474)
        #expect(node.receive() == "in")
        #expect(try fixture.node.output("cat /proc/sys/net/netfilter/nf_conntrack_count") == "0\n")
    }
}

extension String {
    fileprivate func components(of word: String) -> Int { ranges(of: word).count }
}
