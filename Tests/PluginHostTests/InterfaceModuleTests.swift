// SPDX-License-Identifier: Apache-2.0
import EgressModel
import EgressPlan
import PluginHost
import TestKit
import Testing

/// `plugins/interface` in its real process: by name and by pattern.
@Suite(.requires(.lab))
struct InterfaceModuleTests {
    static let accepted = [
        #"{"name":"eth0"}"#, #"{"name":"eth0","addresses":"first"}"#, #"{"name":"eth0","addresses":"all","glob":null,"route":null}"#,
        #"{"glob":"eth[0-9]*"}"#, #"{"glob":"\#(repeated("?", 127))"}"#, #"{"route":"203.0.113.1"}"#,
        #"{"name":null,"route":"2001:db8::1"}"#,
    ]

    static let refused = [
        Refusal(#"{}"#, "name, glob, route: exactly one of them must be there, not 0"),
        Refusal(#"{"name":null,"addresses":"all"}"#, "name, glob, route: exactly one of them must be there, not 0"),
        Refusal(#"{"name":"eth0","glob":"eth*"}"#, "name, glob, route: exactly one of them must be there, not 2"),
        Refusal(#"{"name":"eth0","glob":"eth*","route":"::2"}"#, "name, glob, route: exactly one of them must be there, not 3"),
        Refusal(#"{"name":""}"#, #"name: must be null or a text of 1 to 127 bytes, not """#),
        Refusal(#"{"name":7}"#, "name: must be null or a text of 1 to 127 bytes, not 7"),
        Refusal(#"{"glob":["eth*"]}"#, #"glob: must be null or a text of 1 to 127 bytes, not ["eth*"]"#),
        Refusal(#"{"glob":"\#(repeated("?", 128))"}"#, "glob: must be null or a text of 1 to 127 bytes"),
        Refusal(#"{"route":"partner.example.com"}"#, #"route: must be null or an IPv4 or IPv6 address, not "partner.example.com""#),
        Refusal(#"{"route":"203.0.113.0/24"}"#, #"route: must be null or an IPv4 or IPv6 address, not "203.0.113.0/24""#),
        Refusal(#"{"route":true}"#, "route: must be null or an IPv4 or IPv6 address, not true"),
        Refusal(#"{"name":"eth0","addresses":"some"}"#, #"addresses: must be "first" or "all", not "some""#),
        Refusal(#"{"name":"eth0","addresses":2}"#, #"addresses: must be "first" or "all", not 2"#),
        Refusal(#"{"name":"eth0","claim":true}"#, "claim: there is no such field; there are: name, glob, route, addresses"),
        Refusal(#"[]"#, "the configuration must be a JSON object"),
    ]

    private func resolve(_ config: String, families: String = #"["ipv4","ipv6"]"#, interfaces: String = Request.node) async throws
        -> PluginAnswer
    {
        try await ShippedModule("interface").resolve(Request(config: config, interfaces: interfaces, families: families))
    }

    @Test func `a name's first global address of each family is the answer, by the real name`() async throws {
        let expected = PluginAnswer(
            version: "1", ipv4: [try address("192.0.2.11")], ipv6: [try address("2001:db8::11")], interface: "eth0")
        for name in ["eth0", "enp1s0", "to-the-world"] { #expect(try await resolve(#"{"name":"\#(name)"}"#) == expected) }
        #expect(try await resolve(#"{"glob":"to-the-*"}"#) == expected)
    }

    @Test func `all addresses are the global ones, each once, sixteen at most`() async throws {
        let answer = try await resolve(#"{"name":"eth0","addresses":"all"}"#)
        #expect(answer.ipv4 == [try address("192.0.2.11"), try address("192.0.2.12")])
        #expect(answer.ipv6 == [try address("2001:db8::11")])
        let many = (1...20).map { "\"192.0.2.\($0)/24\"" }.joined(separator: ",")
        let interfaces = #"[{"name":"eth0","index":2,"addresses":[\#(many)],"up":true}]"#
        #expect(
            try await resolve(#"{"name":"eth0","addresses":"all"}"#, interfaces: interfaces).ipv4
                == (1...16).map { try address("192.0.2.\($0)") })
    }

    @Test func `only families that are asked for are answered`() async throws {
        let ipv6 = try await resolve(#"{"name":"eth0"}"#, families: #"["ipv6"]"#)
        #expect(ipv6 == PluginAnswer(version: "1", ipv6: [try address("2001:db8::11")], interface: "eth0"))
        #expect(try await resolve(#"{"name":"eth0"}"#, families: #"["ipv4"]"#).ipv6 == [])
        #expect(try await resolve(#"{"name":"ens1f1"}"#).ipv6 == [], "an interface with one family answers with it")
    }

    @Test(arguments: [
        ("e*", "eth0"), ("ens?f1", "ens1f1"), ("ens[02]f1", "ens2f1"), ("*", "eth0"), ("odd*", "ens2f1"), ("e[!t]*", "eth0"),
    ])
    func `of several matches the one with the lowest index that is up and has an address is meant`(glob: String, name: String) async throws
    {
        for interfaces in [Request.interfaces, Request.interfaces.reversed()] {
            let interfaces = "[\(interfaces.joined(separator: ","))]"
            #expect(try await resolve(#"{"glob":"\#(glob)"}"#, interfaces: interfaces).interface == name)
        }
    }

    @Test(arguments: [
        (#"{"name":"eth9"}"#, "this node has no interface eth9; there are: lo, eth0, eth1 (down), ens2f1, ens1f1, ens0f1"),
        (#"{"name":"eth1"}"#, "the interface eth1 of this node is down"),
        (#"{"name":"ens0f1"}"#, "the interface ens0f1 of this node has no global IPv4 or IPv6 address; it has: fe80::6"),
        (#"{"glob":"wl*"}"#, "no interface of this node matches wl*; there are: lo, eth0, eth1 (down), ens2f1"),
        (#"{"glob":"lo"}"#, "no interface of this node matches lo; there are: lo, eth0"),
        (#"{"glob":"ens?f"}"#, "no interface of this node matches ens?f; there are: lo, eth0"),
        (#"{"glob":"eth1"}"#, "no interface that matches eth1 is up and has a global IPv4 or IPv6 address; there are: eth1 (down)"),
        (#"{"glob":"e*[01]f1","addresses":"all"}"#, "ens0f1 (no such address)"),
    ])
    func `a node without such an interface says what it has`(config: String, words: String) async throws {
        await expect("plugin_no_address", words) {
            _ = try await resolve(config, families: config.contains("all") ? #"["ipv6"]"# : #"["ipv4","ipv6"]"#)
        }
    }

    @Test(arguments: refused)
    func `a configuration that will never do is refused with its field`(refusal: Refusal) async throws {
        await expect("plugin_refused", refusal.words) { _ = try await resolve(refusal.config) }
    }
}
