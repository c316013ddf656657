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
            ], uplinks: ["eth0", "bond0.100"])
        #expect(try netfilterScript(rules) == Self.golden)
    }

    @Test func `without an uplink there is no guard`() throws {
        let range = try address("192.0.2.0")...(try address("192.0.2.1"))
        let rules = NetfilterRules(tunnelPort: 8474, guarded: [GuardedSources(sources: [try address("10.0.0.1")], claimed: [range])])
        #expect(try !netfilterScript(rules).contains("guard"))
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

    private static let golden = """
        table inet kubectl_egress
        delete table inet kubectl_egress
        table inet kubectl_egress {
        \tset sources_0 {
        \t\ttype ipv4_addr
        \t\telements = { 10.244.1.10, 10.244.1.11 }
        \t}

        \tset claimed_0 {
        \t\ttype ipv4_addr
        \t\tflags interval
        \t\telements = { 0.0.0.0-9.255.255.255, 192.0.2.7 }
        \t}

        \tset sources_1 {
        \t\ttype ipv6_addr
        \t\telements = { 2001:db8:1::a }
        \t}

        \tset claimed_1 {
        \t\ttype ipv6_addr
        \t\tflags interval
        \t\telements = { 2001:db8::-2001:db8::ffff }
        \t}

        \tchain tunnel_forward {
        \t\ttype filter hook forward priority -300; policy accept;
        \t\tudp dport 8474 counter drop comment "a tunnel packet that this node did not make"
        \t}

        \tchain tunnel_in {
        \t\ttype filter hook prerouting priority -300; policy accept;
        \t\tudp dport 8474 notrack
        \t}

        \tchain tunnel_out {
        \t\ttype filter hook output priority -300; policy accept;
        \t\tudp dport 8474 notrack
        \t}

        \tchain guard_claimed {
        \t\tct state invalid,untracked counter drop comment "claimed, and no connection is known"
        \t\tct direction original counter drop comment "claimed, and not by the egress path"
        \t}

        \tchain guard {
        \t\ttype filter hook postrouting priority 50; policy accept;
        \t\toifname { "bond0.100", "eth0" } ip saddr @sources_0 ip daddr @claimed_0 jump guard_claimed
        \t\toifname { "bond0.100", "eth0" } ip6 saddr @sources_1 ip6 daddr @claimed_1 jump guard_claimed
        \t}
        }

        """
}
