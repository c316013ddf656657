// SPDX-License-Identifier: Apache-2.0
import EgressModel
import EgressPlan
import TestKit
import Testing

@testable import HostNetwork

/// Telling our table from what somebody made of it, in a real kernel.
@Suite(.requires(.lab))
struct TableReaderTests {
    private static func rules() throws -> NetfilterRules {
        let range = try #require(IPAddress("198.51.100.0"))...(try #require(IPAddress("198.51.100.255")))
        return NetfilterRules(
            tunnelPort: 8474, guarded: [GuardedSources(sources: [try #require(IPAddress("10.244.1.10"))], claimed: [range])],
            uplinks: ["up0"])
    }

    @Test(arguments: [
        "nft flush ruleset", "nft delete table inet kubectl_egress", "nft flush table inet kubectl_egress",
        "nft flush chain inet kubectl_egress guard", "nft insert rule inet kubectl_egress guard accept",
        "nft flush chain inet kubectl_egress tunnel_in\nnft delete chain inet kubectl_egress tunnel_in",
        "nft add table inet kubectl_egress '{ flags dormant; }'",
    ])
    func `a table that somebody changed is another, and written again it stands`(script: String) throws {
        let node = try Namespace()
        let host = HostNetwork()
        try node.run { try host.setNetfilter(try Self.rules()) }
        let written = try node.run { try host.netfilterFingerprint() }
        #expect(!written.numbers.isEmpty)
        try node.shell(script)
        #expect(try node.run { try host.netfilterFingerprint() } != written)
        try node.run { try host.setNetfilter(try Self.rules()) }
        #expect(try node.output("nft list table inet kubectl_egress").contains("jump guard_claimed"))
        #expect(try !node.output("nft list table inet kubectl_egress").contains("dormant"))
        let again = try node.run { try host.netfilterFingerprint() }
        #expect(again != written)
        #expect(try node.run { try host.netfilterFingerprint() } == again)
    }

    @Test func `what others do to their tables, and packets and connections to ours, is no change of it`() throws {
        let fixture = try NodeFixture()
        let host = HostNetwork()
        try fixture.node.run { try host.setNetfilter(try Self.rules()) }
        let written = try fixture.node.run { try host.netfilterFingerprint() }
        let open = LiveConnection(transport: .udp, pod: ip("10.244.1.10"), podPort: 5000, remote: ip("198.51.100.2"), remotePort: 7000)
        try fixture.node.run { try host.exemptFromGuard([open]) }
        try fixture.node.shell(
            """
            nft 'table inet other { chain guard { type filter hook forward priority 0; udp dport 1 drop; }; }'
            iptables-nft -A FORWARD -j ACCEPT
            """)
        try DatagramSocket(fixture.pod, port: 5001).send("claimed", to: "198.51.100.2", port: 7000)
        #expect(try fixture.node.run { try host.guardDrops() }.unsteered.packets == 1)
        #expect(try fixture.node.run { try host.netfilterFingerprint() } == written)
        try fixture.node.shell("nft delete table inet other")
        #expect(try fixture.node.run { try host.netfilterFingerprint() } == written)
    }

    @Test func `without a table there is nothing`() throws {
        let node = try Namespace()
        #expect(try node.run { try HostNetwork().netfilterFingerprint() } == NetfilterFingerprint())
    }
}
