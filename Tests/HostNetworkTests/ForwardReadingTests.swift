// SPDX-License-Identifier: Apache-2.0
import EgressModel
import EgressPlan
import TestKit
import Testing

@testable import HostNetwork

/// The real programs' rules in a real kernel.
@Suite(.requires(.lab))
struct ForwardReadingTests {
    @Test func `an empty namespace has nothing in FORWARD, and redirects`() throws {
        let node = try Namespace()
        let facts = try node.run { try HostNetwork().facts() }
        #expect(facts.forward == [])
        #expect(facts.steering.default == .redirect)
    }

    @Test(arguments: [
        (
            "iptables-nft -N cali-FORWARD; iptables-nft -A FORWARD -m comment --comment cali:x -j cali-FORWARD",
            ForwardPolicy.Enforcer.calico
        ),
        ("ip6tables-nft -N KUBE-ROUTER-FORWARD; ip6tables-nft -A FORWARD -j KUBE-ROUTER-FORWARD", .kubeRouter),
        (
            "nft add table inet kube-network-policies; nft 'add chain inet kube-network-policies c { type filter hook forward priority 0; }'",
            .kubeNetworkPolicies
        ),
        ("iptables-nft -A FORWARD -m mark --mark 1 -j NFQUEUE --queue-num 3", .queue),
        ("iptables-nft -A FORWARD -s 10.0.0.0/8 -j REJECT", .other),
        ("iptables-nft -P FORWARD DROP", .other),
        ("nft add table inet site; nft 'add chain inet site f { type filter hook forward priority 5; policy drop; }'", .other),
    ])
    func `whoever decides in FORWARD by nftables is found`(script: String, enforcer: ForwardPolicy.Enforcer) throws {
        let node = try Namespace()
        let network = HostNetwork()
        #expect(try node.run { try network.facts() }.forward == [])
        try node.shell(script)
        let facts = try node.run { try network.facts() }
        #expect(facts.forward.map(\.enforcer) == [enforcer], "\(facts.forward)")
        #expect(facts.steering.default == .stack)
    }

    @Test func `rules of iptables-legacy are found, and kube-proxy's in either are not`() throws {
        let node = try Namespace()
        for program in ["iptables-nft", "iptables-legacy"] {
            try node.shell(
                """
                \(program) -N KUBE-FORWARD
                \(program) -A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
                \(program) -A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
                \(program) -t nat -A POSTROUTING -j MASQUERADE
                """)
        }
        #expect(try node.run { try HostNetwork().facts() }.forward == [])
        try node.shell("iptables-legacy -A FORWARD -d 203.0.113.0/24 -j DROP")
        #expect(try node.run { try HostNetwork().facts() }.forward == [ForwardPolicy(.other, place: "iptables-legacy filter FORWARD")])
    }

    @Test func `rules that can't be read count as rules that decide`() throws {
        let node = try Namespace()
        let facts = try node.run { try HostNetwork(nft: "/nonexistent/nft").facts() }
        #expect(facts.forward.map(\.enforcer) == [.unreadable])
        #expect(facts.steering.default == .stack)
    }

    @Test(arguments: [
        ("iptables-nft -A FORWARD -s 10.0.0.0/8 -j REJECT", 2000),
        // No event tells of it.
        ("iptables-legacy -A FORWARD -s 10.0.0.0/8 -j REJECT", 8000),
    ])
    func `a rule that is added is news`(script: String, patience: Int) async throws {
        let node = try Namespace()
        let changes = try node.run { HostNetwork().changes() }
        let (steps, step) = AsyncStream<Void>.makeStream()
        let task = Task { for await _ in changes { step.yield() } }
        defer { task.cancel() }
        var iterator = steps.makeAsyncIterator()
        await iterator.next()
        let start = ContinuousClock.now
        try node.shell(script)
        await iterator.next()
        #expect(ContinuousClock.now - start < .milliseconds(patience))
    }
}
