// SPDX-License-Identifier: Apache-2.0
import CEgressShims
import EgressModel
import EgressPlan
import Glibc
import Logging
import PluginHost
import TestKit
import Testing

/// `plugins/interface` by route, asked of the kernel in a network namespace with two interfaces.
@Suite(.requires(.lab))
struct InterfaceRouteTests {
    private static let network = [
        "ip link set lo up",
        "ip link add eth0 index 11 type veth peer name peer0", "ip link set peer0 up", "ip address add 192.0.2.11/24 dev eth0",
        "ip address add 2001:db8::11/64 dev eth0 nodad", "ip link set eth0 up",
        "ip link add eth1 index 12 type veth peer name peer1", "ip link set peer1 up", "ip address add 198.51.100.8/24 dev eth1",
        "ip address add 2001:db8:1::8/64 dev eth1 nodad", "ip link set eth1 up",
        "ip link add eth2 index 13 type veth peer name peer2", "ip link set peer2 up", "ip link set eth2 up",
        "ip route add 203.0.113.0/28 via 192.0.2.1", "ip route add 203.0.113.16/28 via 198.51.100.1",
        "ip route add 2001:db8:a::/64 via 2001:db8::1", "ip route add 2001:db8:b::/64 via 2001:db8:1::1",
        "ip route add unreachable 203.0.113.32/28", "ip route add prohibit 203.0.113.48/28", "ip route add blackhole 203.0.113.64/28",
        "ip route add throw 203.0.113.80/28", "ip route add unreachable 2001:db8:c::/64", "ip route add blackhole 2001:db8:d::/64",
        "ip route add 203.0.113.96/28 dev lo", "ip route add 203.0.113.112/28 dev eth2",
    ]
    private static let interfaces = """
        [{"name":"lo","index":1,"addresses":["127.0.0.1/8"],"up":true},
         {"name":"eth0","index":11,"addresses":["192.0.2.11/24","2001:db8::11/64"],"up":true},
         {"name":"eth1","index":12,"addresses":["198.51.100.8/24","2001:db8:1::8/64"],"up":true}]
        """

    /// A namespace that lives as long as the object, and a host whose modules run in it.
    private final class Node: Sendable {
        let descriptor: Int32
        let host: PluginHost
        let folder: ModuleFolder

        init(_ network: [String]) async throws {
            descriptor = try await Sandbox.run { _ in
                for line in network { try Command.run(line.split(separator: " ").map(String.init)) }
                return open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
            }
            folder = try ModuleFolder()
            try Command.run(["cp", try ShippedModule("interface").file, folder.path])
            try folder.write(
                "#!/bin/sh\nexec nsenter --net=/proc/\(getpid())/fd/\(descriptor) \(try folder.launcher()) \"$@\"\n", to: "launcher")
            chmod(folder.file("launcher"), 0o755)
            let patience = PluginPatience(start: .seconds(30), call: .seconds(10), restart: .seconds(60))
            host = PluginHost(executable: folder.file("launcher"), folders: [folder.path], patience: patience)
        }

        deinit { close(descriptor) }

        func run(_ words: String...) throws {
            try Command.run(["nsenter", "--net=/proc/\(getpid())/fd/\(descriptor)"] + words)
        }

        /// The process of the module.
        func process() throws -> String {
            let found = try Command.run(["pgrep", "-f", "plugin-host \(folder.file("interface.so"))"]).split(separator: "\n")
            #expect(found.count == 1)
            return String(try #require(found.first))
        }

        func resolve(_ destination: String, families: String = #"["ipv4","ipv6"]"#) async throws -> PluginAnswer {
            let request = Request(config: #"{"route":"\#(destination)"}"#, interfaces: InterfaceRouteTests.interfaces, families: families)
            return try await host.resolve(strategy: "interface", requestJSON: request.json)
        }
    }

    @Test func `the interface of the route is the answer, with its addresses of both families, for ten seconds`() async throws {
        let node = try await Node(Self.network)
        let eth0 = PluginAnswer(
            version: "1", ipv4: [try address("192.0.2.11")], ipv6: [try address("2001:db8::11")], interface: "eth0", validSeconds: 10)
        let eth1 = PluginAnswer(
            version: "1", ipv4: [try address("198.51.100.8")], ipv6: [try address("2001:db8:1::8")], interface: "eth1", validSeconds: 10)
        for destination in ["203.0.113.1", "192.0.2.77", "2001:db8:a::1"] { #expect(try await node.resolve(destination) == eth0) }
        for destination in ["203.0.113.17", "198.51.100.1", "2001:db8:b::1"] { #expect(try await node.resolve(destination) == eth1) }
    }

    @Test func `a route that changes changes the answer to the same question`() async throws {
        let node = try await Node(Self.network)
        #expect(try await node.resolve("203.0.113.1").interface == "eth0")
        try node.run("ip", "route", "replace", "203.0.113.0/28", "via", "198.51.100.1")
        #expect(try await node.resolve("203.0.113.1").interface == "eth1")
        #expect(try await node.resolve("2001:db8:a::1").interface == "eth0")
        try node.run("ip", "-6", "route", "replace", "2001:db8:a::/64", "via", "2001:db8:1::1")
        #expect(try await node.resolve("2001:db8:a::1").interface == "eth1")
        try node.run("ip", "route", "delete", "203.0.113.0/28")
        await expect("plugin_no_address", "203.0.113.1 can't be reached: this node has no route to it") {
            _ = try await node.resolve("203.0.113.1")
        }
    }

    @Test func `a destination without an interface says why`() async throws {
        let node = try await Node(Self.network)
        let cases = [
            ("203.0.113.200", "this node has no route to it"), ("2001:db8:ffff::1", "this node has no route to it"),
            ("203.0.113.33", "this node's route to it says unreachable"), ("203.0.113.49", "this node's route to it says prohibited"),
            ("203.0.113.65", "this node's route to it is a blackhole, or it is no destination"), ("203.0.113.81", "no route to it"),
            ("2001:db8:c::1", "2001:db8:c::1 can't be reached: this node's route to it says unreachable"),
            ("2001:db8:d::1", "this node's route to it is a blackhole"), ("127.0.0.1", "it is an address of this node"),
            ("::1", "it is an address of this node"), ("192.0.2.11", "it is an address of this node"),
            ("2001:db8::11", "it is an address of this node"), ("192.0.2.255", "it is no address of one host"),
            ("203.0.113.97", "203.0.113.97 can't be reached: this node's route to it ends at lo"),
            ("224.0.0.1", "can't be reached"),
        ]
        for (destination, words) in cases {
            await expect("plugin_no_address", words) { _ = try await node.resolve(destination) }
        }
    }

    @Test func `an interface that the request doesn't have yet is asked about again`() async throws {
        let node = try await Node(Self.network)
        await expect("plugin_retry", "the route to 203.0.113.113 goes by interface number 13, which the helper hasn't seen yet") {
            _ = try await node.resolve("203.0.113.113")
        }
    }

    @Test func `a namespace with nothing up has no route`() async throws {
        let node = try await Node([])
        await expect("plugin_no_address", "this node has no route to it") { _ = try await node.resolve("203.0.113.1") }
        await expect("plugin_no_address", "this node has no route to it") { _ = try await node.resolve("2001:db8:a::1") }
    }

    @Test func `asking the kernel leaves no descriptor open`() async throws {
        let node = try await Node(["ip link set lo up"])
        _ = try? await node.resolve("203.0.113.1")
        let process = try node.process()
        let open = { try Command.run(["find", "/proc/\(process)/fd", "-type", "l", "-printf", "%l\n"]) }
        let before = try open()
        for _ in 0..<100 { _ = try? await node.resolve("203.0.113.1") }
        #expect(try open() == before)
        #expect(try node.process() == process)
    }
}
