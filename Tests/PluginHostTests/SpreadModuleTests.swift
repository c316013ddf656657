// SPDX-License-Identifier: Apache-2.0
import CEgressPlugin
import EgressModel
import EgressPlan
import Glibc
import PluginHost
import TestKit
import Testing

/// `plugins/spread`, a module in Swift, in its real process.
@Suite(.requires(.lab))
struct SpreadModuleTests {
    private func resolve(_ config: String, node: String = "node-2", interfaces: String = SpreadModule.interfaces) async throws
        -> PluginAnswer
    {
        try await SpreadModule.resolve(config, node: node, interfaces: interfaces)
    }

    private func addresses(_ texts: String...) throws -> [IPAddress] { try texts.map(address) }

    @Test func `it is listed`() async throws {
        let folder = try SpreadModule.folder()
        #expect(
            try await folder.host().list() == [
                PluginStatus(name: "spread", version: "1", module: folder.file("spread.so"), isHealthy: true)
            ])
    }

    // MARK: addresses that are there

    @Test(arguments: [
        #"{"ipv4":["198.51.100.0/28"]}"#, #"{"ipv4":["198.51.100.3-198.51.100.12"]}"#, #"{"ipv4":["198.51.100.12","198.51.100.3"]}"#,
        #"{"ipv4":["198.51.100.12","198.51.100.0/30","198.51.100.0/29","198.51.100.3"]}"#,
        #"{"ipv4":["198.51.100.0/28"],"ipv6":[],"interface":null,"claim":false,"nodes":[],"most":16}"#,
        #"{"ipv4":["198.0.0.0/7"]}"#,
    ])
    func `the addresses that the node holds are the answer, ascending, however they are written`(config: String) async throws {
        #expect(try await resolve(config) == PluginAnswer(version: "1", ipv4: try addresses("198.51.100.3", "198.51.100.12")))
    }

    @Test func `both families are answered`() async throws {
        let answer = try await resolve(#"{"ipv4":["192.0.2.11"],"ipv6":["2001:db8::/32","2001:DB8::0:11"]}"#)
        #expect(answer == PluginAnswer(version: "1", ipv4: try addresses("192.0.2.11"), ipv6: try addresses("2001:db8::11")))
        #expect(
            try await resolve(#"{"ipv6":["2001:db8::10-2001:db8::11"]}"#) == PluginAnswer(version: "1", ipv6: try addresses("2001:db8::11"))
        )
    }

    @Test func `a named interface is in the answer, by its real name, and alone counts`() async throws {
        let answer = try await resolve(#"{"ipv4":["198.51.100.12","203.0.113.9"],"interface":"to-the-world"}"#)
        #expect(answer == PluginAnswer(version: "1", ipv4: try addresses("198.51.100.12"), interface: "eth0"))
    }

    @Test func `of more addresses the lowest are used`() async throws {
        #expect(
            try await resolve(#"{"ipv4":["192.0.2.0/24","198.51.100.0/28"],"ipv6":["2001:db8::11"],"most":2}"#)
                == PluginAnswer(version: "1", ipv4: try addresses("192.0.2.11", "198.51.100.3"), ipv6: try addresses("2001:db8::11")))
        let many = (1...200).reversed().map { "\"198.51.100.\($0)/32\"" }.joined(separator: ",")
        let interfaces = #"[{"name":"eth0","addresses":[\#(many)],"up":true}]"#
        let answer = try await resolve(#"{"ipv4":["198.51.100.0/24"]}"#, interfaces: interfaces)
        #expect(answer.ipv4 == (1...16).compactMap { IPAddress("198.51.100.\($0)") })
    }

    @Test(arguments: [
        (
            #"{"ipv4":["192.0.2.12"]}"#,
            "is on an interface of this node; there are: 127.0.0.1, 192.0.2.11, 198.51.100.3, 198.51.100.12, 203.0.113.9, 2001:db8::11, fe80::1"
        ),
        (#"{"ipv4":["203.0.113.9"],"interface":"eth0"}"#, "on the interface eth0 of this node; there are: 192.0.2.11"),
        (#"{"ipv4":["192.0.2.11"],"interface":"eth9"}"#, "no interface eth9 that is up"),
        (#"{"ipv4":["198.51.100.8"],"interface":"eth1"}"#, "no interface eth1 that is up"),
        (#"{"ipv4":["198.51.100.8"]}"#, "none of the configured addresses"),
    ])
    func `a node without the addresses says what it has`(config: String, words: String) async throws {
        await expect("plugin_no_address", words) { _ = try await resolve(config) }
    }

    @Test(arguments: [
        "[]", "7", "[null]", #"[{}]"#, #"[{"name":7,"addresses":["192.0.2.12"]}]"#,
        #"[{"name":"a","addresses":[7,"","/","192.0.2.12\u0000"]}]"#,
    ])
    func `whatever stands for interfaces, there is no address on them`(interfaces: String) async throws {
        await expect("plugin_no_address", "there are: none") { _ = try await resolve(#"{"ipv4":["192.0.2.12"]}"#, interfaces: interfaces) }
    }

    @Test(arguments: [#""claim":false"#, #""claim":true,"interface":"eth0""#, #""claim":true,"interface":"eth0","nodes":["node-2"]"#])
    func `only families that the policy has are answered`(rest: String) async throws {
        let config = #"{"ipv4":["192.0.2.11"],"ipv6":["2001:db8::11"],\#(rest)}"#
        let (ipv4, ipv6) = (
            try await SpreadModule.resolve(config, families: #"["ipv4"]"#), try await SpreadModule.resolve(config, families: #"["ipv6"]"#)
        )
        #expect(try ipv4.ipv4 == addresses("192.0.2.11") && ipv4.ipv6.isEmpty)
        #expect(try ipv6.ipv6 == addresses("2001:db8::11") && ipv6.ipv4.isEmpty)
        await expect("plugin_no_address", "is of a family that the policy has: [\"ipv6\"]") {
            _ = try await SpreadModule.resolve(#"{"ipv4":["192.0.2.11"]}"#, families: #"["ipv6"]"#)
        }
    }

    // MARK: addresses that are claimed

    @Test func `claimed addresses needn't be there`() async throws {
        #expect(
            try await resolve(
                #"{"ipv4":["203.0.113.0/30","203.0.113.77"],"ipv6":["2001:db8:1::1-2001:db8:1::2"],"interface":"enp1s0","claim":true}"#)
                == PluginAnswer(
                    version: "1", ipv4: try addresses("203.0.113.0", "203.0.113.1", "203.0.113.2", "203.0.113.3", "203.0.113.77"),
                    ipv6: try addresses("2001:db8:1::1", "2001:db8:1::2"), interface: "eth0", claim: true))
    }

    @Test func `of a large range the lowest are claimed`() async throws {
        let answer = try await resolve(#"{"ipv4":["16.0.0.0/4"],"ipv6":["2001:db8::/33"],"interface":"eth0","claim":true,"most":3}"#)
        #expect(answer.ipv4 == (try addresses("16.0.0.0", "16.0.0.1", "16.0.0.2")))
        #expect(answer.ipv6 == (try addresses("2001:db8::", "2001:db8::1", "2001:db8::2")))
    }

    @Test func `named nodes share the addresses evenly, each once`() async throws {
        let config =
            #"{"ipv4":["198.51.100.1-198.51.100.14"],"ipv6":["2001:db8:1::/126"],"interface":"eth0","claim":true,"nodes":["node-1","node-2","node-3"]}"#
        var parts: [PluginAnswer] = []
        for node in ["node-1", "node-2", "node-3"] { parts.append(try await resolve(config, node: node)) }
        #expect(parts.map(\.ipv4.count).sorted() == [4, 5, 5])
        #expect(parts.map(\.ipv6.count).sorted() == [1, 1, 2])
        #expect(parts.flatMap(\.ipv4).sorted() == (1...14).compactMap { IPAddress("198.51.100.\($0)") })
        #expect(Set(parts.flatMap(\.ipv6)).count == 4)
        #expect(parts.allSatisfy { $0.ipv4 == $0.ipv4.sorted() && $0.claim && $0.interface == "eth0" })
    }

    /// Gateways of different versions must agree; who changes this takes addresses away from living connections.
    @Test func `a part is the same for ever`() async throws {
        let answer = try await resolve(
            #"{"ipv4":["198.51.100.0/28"],"interface":"eth0","claim":true,"nodes":["node-3","node-2"]}"#)
        #expect(
            answer.ipv4.map(\.description).joined(separator: " ")
                == "198.51.100.1 198.51.100.5 198.51.100.6 198.51.100.8 198.51.100.9 198.51.100.11 198.51.100.13 198.51.100.14")
    }

    @Test(arguments: [
        (#"{"ipv4":["198.51.100.1"],"interface":"eth9","claim":true}"#, "no interface eth9"),
        (
            #"{"ipv4":["198.51.100.1"],"interface":"eth0","claim":true,"nodes":["node-1"]}"#,
            "the node \"node-2\" isn't among those that share"
        ),
    ])
    func `a node that has no part in it says so`(config: String, words: String) async throws {
        await expect("plugin_no_address", words) { _ = try await resolve(config) }
    }

    @Test func `of more nodes than addresses one has none`() async throws {
        let config = #"{"ipv4":["198.51.100.1"],"interface":"eth0","claim":true,"nodes":["node-1","node-2"]}"#
        var count = 0
        for node in ["node-1", "node-2"] {
            do { count += try await resolve(config, node: node).ipv4.count } catch let error as HelperError {
                #expect(error.code == "plugin_no_address")
                #expect(error.message.contains("fewer addresses than nodes, and none is left for the node"))
            }
        }
        #expect(count == 1)
    }

    // MARK: configurations that will never do

    @Test(arguments: [
        (#"{}"#, "ipv4, ipv6: one of them must have an address"), (#"{"ipv4":[],"ipv6":[]}"#, "ipv4, ipv6: one of them"),
        (#"["192.0.2.11"]"#, "must be a JSON object"),
        (#"{"ipv4":["192.0.2.11"],"egressIP":"192.0.2.11"}"#, "egressIP: there is no such field; there are ipv4, ipv6, interface, most"),
        (#"{"ipv4":"192.0.2.11"}"#, "ipv4: must be a list of addresses"), (#"{"ipv6":null}"#, "ipv6: must be a list"),
        (#"{"ipv4":["192.0.2.11",7]}"#, "ipv4[1]: 7 is no IPv4 address"),
        (#"{"ipv4":["192.0.2.011"]}"#, "ipv4[0]: \"192.0.2.011\" is no IPv4 address"),
        (#"{"ipv4":["192.0.2.1\u0000"]}"#, "ipv4[0]: "), (#"{"ipv4":[""]}"#, "ipv4[0]: \"\" is no IPv4"),
        (#"{"ipv6":["192.0.2.11"]}"#, "ipv6[0]: \"192.0.2.11\" is no IPv6 address"), (#"{"ipv4":["2001:db8::1"]}"#, "is no IPv4 address"),
        (#"{"ipv4":["192.0.2.0/33"]}"#, "ipv4[0]: \"192.0.2.0/33\" is no IPv4 prefix"), (#"{"ipv4":["192.0.2.0/"]}"#, "is no IPv4 prefix"),
        (#"{"ipv4":["192.0.2.0/08"]}"#, "is no IPv4 prefix"), (#"{"ipv4":["192.0.2.0/2x"]}"#, "is no IPv4 prefix"),
        (#"{"ipv4":["192.0.2.0/99999999999999999999"]}"#, "is no IPv4 prefix"), (#"{"ipv6":["2001:db8::/129"]}"#, "is no IPv6 prefix"),
        (#"{"ipv4":["198.51.100.3/28"]}"#, "has bits behind its length; the prefix is 198.51.100.0/28"),
        (#"{"ipv6":["2001:db8::1/64"]}"#, "the prefix is 2001:db8::/64"),
        (#"{"ipv4":["192.0.2.9-192.0.2.1"]}"#, "ipv4[0]: \"192.0.2.9-192.0.2.1\" ends before it begins"),
        (#"{"ipv4":["192.0.2.9-"]}"#, "is no range of two IPv4 addresses"), (#"{"ipv4":["1.2.3.4-1.2.3.5-1.2.3.6"]}"#, "is no range"),
        (#"{"ipv4":["0.0.0.0/0"]}"#, "has 0.0.0.0, which packets can't leave with"), (#"{"ipv4":["64.0.0.0/2"]}"#, "has 127.0.0.0, which"),
        (#"{"ipv4":["169.254.7.7"]}"#, "has 169.254.7.7, which"), (#"{"ipv4":["239.1.1.1"]}"#, "has 239.1.1.1, which"),
        (#"{"ipv6":["::/0"]}"#, "has ::, which"), (#"{"ipv6":["fe80::1"]}"#, "has fe80::1, which"),
        (#"{"ipv6":["ff02::1"]}"#, "has ff02::1"),
        (#"{"ipv4":[\#(Array(repeating: #""192.0.2.1""#, count: 65).joined(separator: ","))]}"#, "ipv4: has 65 elements; 64 are allowed"),
        (#"{"ipv4":["192.0.2.1"],"interface":""}"#, "interface: must be null or a name"),
        (#"{"ipv4":["192.0.2.1"],"interface":["eth0"]}"#, "interface: must be"),
        (#"{"ipv4":["192.0.2.1"],"interface":"\#(String(repeating: "x", count: 128))"}"#, "interface: must be"),
        (#"{"ipv4":["192.0.2.1"],"most":0}"#, "most: must be a number from 1 to 16"),
        (#"{"ipv4":["192.0.2.1"],"most":17}"#, "most: must be"),
        (#"{"ipv4":["192.0.2.1"],"most":"4"}"#, "most: must be"), (#"{"ipv4":["192.0.2.1"],"most":9223372036854775807}"#, "most: must be"),
        (#"{"ipv4":["192.0.2.1"],"claim":1}"#, "claim: must be true or false"),
        (#"{"ipv4":["192.0.2.1"],"claim":true}"#, "claim: needs interface"),
        (#"{"ipv4":["192.0.2.1"],"nodes":["a"]}"#, "nodes: needs claim: true"),
        (#"{"ipv4":["192.0.2.1"],"nodes":"a"}"#, "nodes: must be a list of names of nodes"),
        (#"{"ipv4":["192.0.2.1"],"nodes":["a",""]}"#, "nodes[1]: must be a name of 1 to 253 bytes"),
        (#"{"ipv4":["192.0.2.1"],"nodes":["a","b","a"]}"#, "nodes[2]: \"a\" is there twice"),
        (#"{"ipv4":["198.51.0.0/16"],"interface":"eth0","claim":true,"nodes":["a"]}"#, "ipv4: has more than 4096 addresses"),
        (#"{"ipv6":["2001:db8::/64"],"interface":"eth0","claim":true,"nodes":["a"]}"#, "ipv6: has more than 4096 addresses"),
    ])
    func `a configuration that will never do is refused with its field`(config: String, words: String) async throws {
        await expect("plugin_refused", words) { _ = try await resolve(config) }
    }
}
