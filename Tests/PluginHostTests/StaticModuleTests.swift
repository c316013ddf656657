// SPDX-License-Identifier: Apache-2.0
import CEgressPlugin
import EgressModel
import EgressPlan
import Glibc
import PluginHost
import TestKit
import Testing

/// `plugins/static`, as its README says to build it, in its real process.
@Suite(.requires(.lab))
struct StaticModuleTests {
    private static let interfaces = """
        [{"name":"lo","altNames":[],"index":1,"addresses":["127.0.0.1/8","203.0.113.9/32"],"up":true},
         {"name":"eth0","altNames":["enp1s0","to-the-world"],"index":2,"addresses":["192.0.2.11/24","2001:db8::11/64"],"up":true},
         {"name":"eth1","altNames":[],"index":3,"addresses":["198.51.100.8/24"],"up":false}]
        """

    private func resolve(_ config: String, interfaces: String = Self.interfaces) async throws -> PluginAnswer {
        let folder = try ModuleFolder()
        try folder.compileStatic()
        return try await folder.host().resolve(
            strategy: "static",
            requestJSON: """
                {"policy":"egress-sample","uid":"u","entry":0,"node":{"name":"node-2","labels":{},"annotations":{}},
                 "interfaces":\(interfaces),"defaultRoute":{"ipv4":"eth0","ipv6":null},"families":["ipv4"],"config":\(config)}
                """)
    }

    @Test func `it is listed`() async throws {
        let folder = try ModuleFolder()
        try folder.compileStatic()
        #expect(
            try await folder.host().list() == [
                PluginStatus(name: "static", version: "1", module: folder.file("static.so"), isHealthy: true)
            ])
    }

    @Test func `it exports one function`() throws {
        let folder = try ModuleFolder()
        try folder.compileStatic()
        try run("/bin/sh", ["-c", "test \"$(nm -D --defined-only \(folder.file("static.so")) | grep -c ' [TtWw] ')\" = 1"])
    }

    /// Called as a host would call it, with too little room first.
    @Test func `it asks for the room that it needs, and ends more than once`() throws {
        let folder = try ModuleFolder()
        try folder.compileStatic()
        let handle = try #require(dlopen(folder.file("static.so"), RTLD_NOW | RTLD_LOCAL))
        let symbol = try #require(dlsym(handle, "egress_plugin_v1"))
        let entry = unsafeBitCast(symbol, to: (@convention(c) () -> UnsafePointer<egress_plugin>?).self)
        let table = try #require(entry()).pointee
        var bytes = [CChar](repeating: 1, count: 256)
        var instance: UnsafeMutableRawPointer?
        let (small, large) = bytes.withUnsafeMutableBufferPointer { buffer in
            var text = egress_text(bytes: buffer.baseAddress, capacity: 256, needed: 0)
            #expect(table.open(nil, #"{"ipv4":["192.0.2.11"]}"#, &instance, &text) == 0)
            var error = text
            text.capacity = 5
            let request = "{\"interfaces\":\(Self.interfaces)}"
            #expect(table.resolve(instance, request, &text, &error) == Int32(EGRESS_PLUGIN_BUFFER_SMALL.rawValue))
            let needed = text.needed
            text.capacity = needed
            #expect(table.resolve(instance, request, &text, &error) == 0)
            return (needed, text.needed)
        }
        #expect(small == large)
        #expect(bytes.firstIndex(of: 0) == small - 1)
        #expect(bytes[small] == 1, "nothing is written behind the room")
        table.close(&instance)
        #expect(instance == nil)
        table.close(&instance)
    }

    @Test func `an address of a gateway's interface is the answer, wherever it is`() async throws {
        #expect(try await resolve(#"{"ipv4":["192.0.2.11"]}"#) == PluginAnswer(version: "1", ipv4: [address("192.0.2.11")]))
        #expect(
            try await resolve(#"{"ipv4":["203.0.113.9"],"ipv6":[],"interface":null}"#)
                == PluginAnswer(version: "1", ipv4: [address("203.0.113.9")]))
        #expect(try await resolve(#"{"ipv6":["2001:DB8::0:11"]}"#) == PluginAnswer(version: "1", ipv6: [address("2001:db8::11")]))
    }

    @Test func `a gateway answers with those of the addresses that it holds`() async throws {
        let answer = try await resolve(#"{"ipv4":["192.0.2.99","192.0.2.11"],"ipv6":["2001:db8::11"]}"#)
        #expect(answer == PluginAnswer(version: "1", ipv4: [try address("192.0.2.11")], ipv6: [try address("2001:db8::11")]))
    }

    @Test func `a named interface is in the answer, by its real name`() async throws {
        let answer = try await resolve(#"{"ipv4":["192.0.2.11"],"interface":"to-the-world"}"#)
        #expect(answer == PluginAnswer(version: "1", ipv4: [try address("192.0.2.11")], interface: "eth0"))
    }

    @Test(arguments: [
        (#"{"ipv4":["192.0.2.12"]}"#, "there are: 127.0.0.1 on lo, 203.0.113.9 on lo, 192.0.2.11 on eth0, 2001:db8::11 on eth0"),
        (#"{"ipv4":["203.0.113.9"],"interface":"eth0"}"#, "on the interface eth0 of this node; there are: 192.0.2.11 on eth0"),
        (#"{"ipv4":["192.0.2.11"],"interface":"eth9"}"#, "no interface eth9"),
        (#"{"ipv4":["198.51.100.8"]}"#, "none of the configured addresses"),
    ])
    func `a node without the address says what it has`(config: String, words: String) async throws {
        await expect("plugin_no_address", words) { _ = try await resolve(config) }
    }

    @Test func `a node without any interface has no address`() async throws {
        await expect("plugin_no_address", "there are: none") { _ = try await resolve(#"{"ipv4":["192.0.2.12"]}"#, interfaces: "[]") }
    }

    @Test(arguments: [
        (#"{}"#, "ipv4, ipv6: one of them must have an address"),
        (#"{"ipv4":"192.0.2.11"}"#, "ipv4: must be a list"),
        (#"{"ipv4":["192.0.2.11",7]}"#, "ipv4[1]: 7 is no IPv4 address"),
        (#"{"ipv4":["192.0.2.011"]}"#, "ipv4[0]: \"192.0.2.011\" is no IPv4 address"),
        (#"{"ipv6":["192.0.2.11"]}"#, "ipv6[0]: \"192.0.2.11\" is no IPv6 address"),
        (#"{"ipv4":["192.0.2.11"],"egressIP":"192.0.2.11"}"#, "egressIP: there is no such field"),
        (#"{"ipv4":["192.0.2.11"],"interface":""}"#, "interface: must be"),
        (#"{"ipv4":["192.0.2.11"],"interface":["eth0"]}"#, "interface: must be"),
        (#"{"ipv4":[\#(Array(repeating: #""192.0.2.1""#, count: 17).joined(separator: ","))]}"#, "ipv4: has 17 addresses"),
        (#"["192.0.2.11"]"#, "must be a JSON object"),
    ])
    func `a configuration that will never do is refused with its field`(config: String, words: String) async throws {
        await expect("plugin_refused", words) { _ = try await resolve(config) }
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
