// SPDX-License-Identifier: Apache-2.0
import EgressModel
import EgressPlan
import Glibc
import PluginHost
import TestKit
import Testing

/// `plugins/static`, as its README says to build it, in its real process.
@Suite(.requires(.lab))
struct StaticModuleTests {
    static let accepted = [
        #"{"ipv4":["192.0.2.11"]}"#, #"{"ipv4":["192.0.2.11"],"ipv6":[],"interface":null}"#, #"{"ipv6":["2001:DB8::0:11"]}"#,
        #"{"ipv4":["192.0.2.11","192.0.2.11"],"interface":"eth0"}"#, #"{"ipv4":["192.0.2.11"],"claim":false}"#,
        #"{"ipv4":["192.0.2.11"],"interface":"eth0","claim":true}"#,
        #"{"ipv4":[\#(repeated(#""192.0.2.1""#, 16, separator: ","))],"interface":"\#(repeated("x", 127))"}"#,
    ]

    static let refused = [
        Refusal(#"{}"#, "ipv4, ipv6: one of them must have an address"),
        Refusal(#"{"ipv4":[],"ipv6":[]}"#, "ipv4, ipv6: one of them must have an address"),
        Refusal(#"{"ipv4":"192.0.2.11"}"#, #"ipv4: must be a list of addresses, not "192.0.2.11""#),
        Refusal(#"{"ipv4":null}"#, "ipv4: must be a list of addresses, not null"),
        Refusal(#"{"ipv4":["192.0.2.11",7]}"#, "ipv4[1]: 7 is no IPv4 address"),
        Refusal(#"{"ipv4":["192.0.2.011"]}"#, #"ipv4[0]: "192.0.2.011" is no IPv4 address"#),
        Refusal(#"{"ipv4":["192.0.2.11/24"]}"#, #"ipv4[0]: "192.0.2.11/24" is no IPv4 address"#),
        Refusal(#"{"ipv4":["2001:db8::11"]}"#, #"ipv4[0]: "2001:db8::11" is no IPv4 address"#),
        Refusal(#"{"ipv6":["192.0.2.11"]}"#, #"ipv6[0]: "192.0.2.11" is no IPv6 address"#),
        Refusal(#"{"ipv4":["127.0.0.1"]}"#, "ipv4[0]: 127.0.0.1 can't leave a node: it is loopback", isBeyondSchema: true),
        Refusal(#"{"ipv4":["0.0.0.0"]}"#, "it is unspecified", isBeyondSchema: true),
        Refusal(#"{"ipv4":["169.254.1.1"]}"#, "it is link-local", isBeyondSchema: true),
        Refusal(#"{"ipv4":["224.0.0.5"]}"#, "it is multicast", isBeyondSchema: true),
        Refusal(#"{"ipv6":["2001:db8::1","::"]}"#, "ipv6[1]: :: can't leave a node: it is unspecified", isBeyondSchema: true),
        Refusal(#"{"ipv6":["::1"]}"#, "it is loopback", isBeyondSchema: true),
        Refusal(#"{"ipv6":["febf::1"]}"#, "it is link-local", isBeyondSchema: true),
        Refusal(#"{"ipv6":["ff02::1"]}"#, "it is multicast", isBeyondSchema: true),
        Refusal(#"{"ipv6":["::ffff:192.0.2.1"]}"#, "it is an IPv4 address written as IPv6", isBeyondSchema: true),
        Refusal(#"{"ipv4":["192.0.2.11"],"egressIP":"x"}"#, "egressIP: there is no such field; there are: ipv4, ipv6, interface, claim"),
        Refusal(#"{"ipv4":["192.0.2.11"],"interface":""}"#, #"interface: must be null or a text of 1 to 127 bytes, not """#),
        Refusal(#"{"ipv4":["192.0.2.11"],"interface":["eth0"]}"#, #"interface: must be null or a text of 1 to 127 bytes, not ["eth0"]"#),
        Refusal(#"{"ipv4":["192.0.2.11"],"interface":"\#(repeated("x", 128))"}"#, "interface: must be null or a text of 1 to 127 bytes"),
        Refusal(#"{"ipv4":["192.0.2.11"],"interface":"\#(repeated("ü", 64))"}"#, "interface: must be null or", isBeyondSchema: true),
        Refusal(#"{"ipv4":[\#(repeated(#""192.0.2.1""#, 17, separator: ","))]}"#, "ipv4: has 17 addresses; 16 are allowed"),
        Refusal(#"{"ipv4":["192.0.2.11"],"claim":"yes","interface":"eth0"}"#, #"claim: must be true or false, not "yes""#),
        Refusal(#"{"ipv4":["192.0.2.11"],"claim":true}"#, "claim: needs interface"),
        Refusal(#"{"ipv4":["192.0.2.11"],"claim":true,"interface":null}"#, "claim: needs interface"),
        Refusal(#"["192.0.2.11"]"#, "the configuration must be a JSON object"),
    ]

    private func resolve(_ config: String, interfaces: String = Request.node) async throws -> PluginAnswer {
        try await ShippedModule("static").resolve(Request(config: config, interfaces: interfaces))
    }

    @Test func `it is listed`() async throws {
        let module = try ShippedModule("static")
        #expect(
            try await module.folder.host().list() == [PluginStatus(name: "static", version: "1", module: module.file, isHealthy: true)])
    }

    @Test func `an address of a gateway's interface is the answer, wherever it is`() async throws {
        #expect(try await resolve(#"{"ipv4":["192.0.2.11"]}"#) == PluginAnswer(version: "1", ipv4: [address("192.0.2.11")]))
        #expect(
            try await resolve(#"{"ipv4":["203.0.113.9"],"ipv6":[],"interface":null}"#)
                == PluginAnswer(version: "1", ipv4: [address("203.0.113.9")]))
        #expect(try await resolve(#"{"ipv6":["2001:DB8::0:11"]}"#) == PluginAnswer(version: "1", ipv6: [address("2001:db8::11")]))
    }

    @Test func `a gateway answers with those of the addresses that it holds, each of them once`() async throws {
        let answer = try await resolve(#"{"ipv4":["192.0.2.99","192.0.2.12","192.0.2.11","192.0.2.12"],"ipv6":["2001:db8::11"]}"#)
        let held = [try address("192.0.2.12"), try address("192.0.2.11")]
        #expect(answer == PluginAnswer(version: "1", ipv4: held, ipv6: [try address("2001:db8::11")]))
    }

    @Test func `a named interface is in the answer, by its real name`() async throws {
        let expected = PluginAnswer(version: "1", ipv4: [try address("192.0.2.11")], interface: "eth0")
        for name in ["to-the-world", "enp1s0", "eth0"] {
            #expect(try await resolve(#"{"ipv4":["192.0.2.11"],"interface":"\#(name)"}"#) == expected)
        }
    }

    @Test func `a claimed address needn't be there, and is claimed again when it is`() async throws {
        let answer = try await resolve(
            #"{"ipv4":["198.51.100.200","192.0.2.11"],"ipv6":["2001:db8::200"],"interface":"enp1s0","claim":true}"#)
        let ipv4 = [try address("198.51.100.200"), try address("192.0.2.11")]
        #expect(answer == PluginAnswer(version: "1", ipv4: ipv4, ipv6: [try address("2001:db8::200")], interface: "eth0", claim: true))
    }

    @Test(arguments: [
        (#"{"ipv4":["192.0.2.99"]}"#, "none of the configured addresses is on an interface of this node; there are: 127.0.0.1 on lo, "),
        (
            #"{"ipv4":["203.0.113.9"],"interface":"eth0"}"#,
            "on the interface eth0 of this node; there are: 192.0.2.11 on eth0, fe80::11 on eth0"
        ),
        (#"{"ipv4":["192.0.2.11"],"interface":"eth9"}"#, "no interface eth9; there are: lo, eth0, eth1 (down), ens2f1, ens1f1, ens0f1"),
        (#"{"ipv4":["198.51.100.8"]}"#, "none of the configured addresses"),
        (#"{"ipv4":["198.51.100.8"],"interface":"eth1"}"#, "the interface eth1 of this node is down"),
        (#"{"ipv4":["198.51.100.8"],"interface":"eth1","claim":true}"#, "the interface eth1 of this node is down"),
        (#"{"ipv4":["198.51.100.8"],"interface":"eth9","claim":true}"#, "no interface eth9"),
    ])
    func `a node without the address says what it has`(config: String, words: String) async throws {
        await expect("plugin_no_address", words) { _ = try await resolve(config) }
    }

    @Test func `families that aren't asked for don't count`() async throws {
        let module = try ShippedModule("static")
        let both = #"{"ipv4":["192.0.2.11"],"ipv6":["2001:db8::11"]}"#
        let answer = try await module.resolve(Request(config: both, families: #"["ipv6"]"#))
        #expect(answer == PluginAnswer(version: "1", ipv6: [try address("2001:db8::11")]))
        await expect("plugin_no_address", "the configuration has no IPv6 address; it has: 192.0.2.11") {
            _ = try await module.resolve(Request(config: #"{"ipv4":["192.0.2.11"]}"#, families: #"["ipv6"]"#))
        }
    }

    @Test func `a node without any interface has no address`() async throws {
        await expect("plugin_no_address", "there are: none") { _ = try await resolve(#"{"ipv4":["192.0.2.12"]}"#, interfaces: "[]") }
    }

    @Test(arguments: refused)
    func `a configuration that will never do is refused with its field`(refusal: Refusal) async throws {
        await expect("plugin_refused", refusal.words) { _ = try await resolve(refusal.config) }
    }
}

func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

/// The body throws a ``HelperError`` with this code, whose message has these words.
func expect(
    _ code: String, _ words: String, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async {
    let error = await #expect(throws: HelperError.self, sourceLocation: sourceLocation) { try await body() }
    #expect(error?.code == code, sourceLocation: sourceLocation)
    #expect(error?.message.contains(words) == true, "\(error?.message ?? "")", sourceLocation: sourceLocation)
}
