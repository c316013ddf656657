// SPDX-License-Identifier: Apache-2.0
import EgressModel
import EgressPlan
import Testing

@testable import HostNetwork

@Suite struct NetfilterScriptTests {
    private func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

    @Test func `without a tunnel the table goes`() throws {
        #expect(try netfilterScript(NetfilterRules()) == "table inet kubectl_egress\ndelete table inet kubectl_egress\n")
    }

    @Test func `the whole table as nft reads it`() throws {
        let rules = NetfilterRules(
            tunnelPort: 8474,
            guarded: [
                GuardedSources(
                    sources: [try address("10.244.1.10"), try address("10.244.1.11")],
                    claimed: [
                        try address("0.0.0.0")...(try address("9.255.255.255")), try address("192.0.2.7")...(try address("192.0.2.7")),
                    ]),
                GuardedSources(
                    sources: [try address("2001:db8:1::a")], claimed: [try address("2001:db8::")...(try address("2001:db8::ffff"))]),
                GuardedSources(sources: [], claimed: [try address("192.0.2.0")...(try address("192.0.2.1"))]),
                GuardedSources(sources: [try address("10.244.1.12")], claimed: []),
            ], uplinks: ["eth0", "bond0.100"],
            dedicated: [try address("198.51.100.7"), try address("198.51.100.8"), try address("2001:db8:2::7")],
            shared: [try address("198.51.100.9"), try address("2001:db8:2::9")])
        #expect(try netfilterScript(rules) == Self.golden)
    }

    @Test func `without an uplink there is no guard`() throws {
        let range = try address("192.0.2.0")...(try address("192.0.2.1"))
        let rules = NetfilterRules(tunnelPort: 8474, guarded: [GuardedSources(sources: [try address("10.0.0.1")], claimed: [range])])
        #expect(try !netfilterScript(rules).contains("jump guard_claimed"))
    }

    @Test(arguments: ["eth0\" } drop; #", "eth*", "", "a b", "a\nb", "äther", "sixteen-bytes-xx"])
    func `a name that could be more than a name is refused`(name: String) throws {
        #expect(throws: HostNetworkError.self) {
            let range = try address("192.0.2.0")...(try address("192.0.2.1"))
            return try netfilterScript(
                NetfilterRules(
                    tunnelPort: 8474, guarded: [GuardedSources(sources: [try address("10.0.0.1")], claimed: [range])], uplinks: [name]))
        }
    }

    @Test func `a group that mixes families is refused`() throws {
        let range = try address("2001:db8::")...(try address("2001:db8::1"))
        let rules = NetfilterRules(
            tunnelPort: 8474, guarded: [GuardedSources(sources: [try address("10.0.0.1")], claimed: [range])], uplinks: ["eth0"])
        #expect(throws: HostNetworkError.self) { try netfilterScript(rules) }
    }

    private static let golden = #"""
        table inet kubectl_egress
        flush table inet kubectl_egress
        table inet kubectl_egress {
        	set exempt_4 {
        		type ipv4_addr . inet_service . ipv4_addr . inet_service . inet_proto
        		size 65536
        		flags dynamic,timeout
        	}

        	set exempt_6 {
        		type ipv6_addr . inet_service . ipv6_addr . inet_service . inet_proto
        		size 65536
        		flags dynamic,timeout
        	}

        	counter guard_unknown {
        	}

        	counter guard_service {
        	}

        	counter guard_unsteered {
        	}

        	chain tunnel_forward {
        		type filter hook forward priority -300; policy accept;
        		udp dport 8474 counter drop comment "a tunnel packet that this node did not make"
        	}

        	chain tunnel_in {
        		type filter hook prerouting priority -300; policy accept;
        		udp dport 8474 notrack
        	}

        	chain tunnel_out {
        		type filter hook output priority -300; policy accept;
        		udp dport 8474 notrack
        	}

        	chain guard_claimed {
        		meta l4proto tcp tcp flags & (syn | ack) != syn ip saddr . th sport . ip daddr . th dport . meta l4proto @exempt_4 update @exempt_4 { ip saddr . th sport . ip daddr . th dport . meta l4proto timeout 7440s } accept
        		meta l4proto udp ip saddr . th sport . ip daddr . th dport . meta l4proto @exempt_4 update @exempt_4 { ip saddr . th sport . ip daddr . th dport . meta l4proto timeout 300s } accept
        		meta l4proto tcp tcp flags & (syn | ack) != syn ip6 saddr . th sport . ip6 daddr . th dport . meta l4proto @exempt_6 update @exempt_6 { ip6 saddr . th sport . ip6 daddr . th dport . meta l4proto timeout 7440s } accept
        		meta l4proto udp ip6 saddr . th sport . ip6 daddr . th dport . meta l4proto @exempt_6 update @exempt_6 { ip6 saddr . th sport . ip6 daddr . th dport . meta l4proto timeout 300s } accept
        		ct state invalid,untracked counter name "guard_unknown" drop comment "claimed, and no connection is known"
        		ct direction original ct status dnat counter name "guard_service" drop comment "claimed, behind a service of the cluster"
        		ct direction original counter name "guard_unsteered" drop comment "claimed, and not by the egress path"
        	}

        	chain guard {
        		type filter hook postrouting priority 50; policy accept;
        		oifname { "bond0.100", "eth0" } ip saddr { 10.244.1.10, 10.244.1.11 } ip daddr { 0.0.0.0-9.255.255.255, 192.0.2.7 } jump guard_claimed
        		oifname { "bond0.100", "eth0" } ip6 saddr { 2001:db8:1::a } ip6 daddr { 2001:db8::-2001:db8::ffff } jump guard_claimed
        	}

        	chain answers_shared {
        		tcp flags & (syn | ack) == syn accept
        		ct state established,related accept
        		socket wildcard 0 accept
        		meta l4proto udp socket wildcard 1 accept
        		counter drop comment "an answer that the program did not take"
        	}

        	chain answers {
        		type filter hook input priority -300; policy accept;
        		iifname { "bond0.100", "eth0" } ip daddr { 198.51.100.7, 198.51.100.8 } meta l4proto { tcp, udp } counter drop comment "an answer that the program did not take"
        		iifname { "bond0.100", "eth0" } ip6 daddr { 2001:db8:2::7 } meta l4proto { tcp, udp } counter drop comment "an answer that the program did not take"
        		iifname { "bond0.100", "eth0" } ip daddr { 198.51.100.9 } meta l4proto { tcp, udp } th dport 16384-24575 jump answers_shared
        		iifname { "bond0.100", "eth0" } ip6 daddr { 2001:db8:2::9 } meta l4proto { tcp, udp } th dport 16384-24575 jump answers_shared
        	}
        }

        """#
}
