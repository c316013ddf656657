// SPDX-License-Identifier: Apache-2.0
import EgressModel
import EgressPlan
import TestKit
import Testing

@testable import HostNetwork

@Suite(.requires(.lab))
struct TunnelTests {
    @Test func `the tunnel device is made once, with its sysctls`() throws {
        let node = try Namespace()
        try node.shell("echo 0 >/proc/sys/net/ipv4/ip_forward")
        let first = try node.run { try HostNetwork().ensureTunnel(port: 8474) }
        let again = try node.run { try HostNetwork().ensureTunnel(port: 8474) }
        #expect(first == again)
        let shown = try node.output("ip -details link show egw0; ip address show egw0")
        #expect(shown.contains("external") && shown.contains("dstport 8474") && shown.contains("nolearning"))
        #expect(shown.contains("NOARP,UP,LOWER_UP") && shown.contains("mtu 65485"))
        #expect(!shown.contains("inet6"), "the device sends no packets of its own")
        let sysctls = try node.output("cd /proc/sys/net/ipv4; cat ip_forward conf/egw0/forwarding conf/egw0/rp_filter")
        #expect(sysctls == "1\n1\n0\n")
        #expect(try node.run { try HostNetwork().facts() }.interfaces.first { $0.facts.name == "egw0" }?.facts.index == first.index)
    }

    @Test func `answers are asked for a route to the remote where the node may have one`() throws {
        let fixture = try NodeFixture()
        let filter = { try fixture.node.output("cat /proc/sys/net/ipv4/conf/egw0/rp_filter") }
        let ensured = { _ = try fixture.node.run { try HostNetwork().ensureTunnel(port: 8474) } }
        try ensured()
        #expect(try filter() == "2\n")
        try fixture.node.shell("ip route del default")
        try ensured()
        #expect(try filter() == "0\n")
        // Zero would be strict by the other's word.
        try fixture.node.shell("echo 1 >/proc/sys/net/ipv4/conf/all/rp_filter")
        try ensured()
        #expect(try filter() == "2\n")
    }

    @Test func `another port makes another device`() throws {
        let node = try Namespace()
        let before = try node.run { try HostNetwork().ensureTunnel(port: 8474) }
        let after = try node.run { try HostNetwork().ensureTunnel(port: 9474) }
        #expect(before.index != after.index)
        #expect(try node.output("ip -details link show egw0").contains("dstport 9474"))
    }

    @Test func `a device that somebody took down is up again, and the same`() throws {
        let node = try Namespace()
        let before = try node.run { try HostNetwork().ensureTunnel(port: 8474) }
        try node.shell("ip link set egw0 down")
        #expect(try node.run { try HostNetwork().ensureTunnel(port: 8474) } == before)
        #expect(try node.output("ip link show egw0").contains("UP,LOWER_UP"))
    }

    @Test func `inner packets fit the default route's device`() throws {
        let fixture = try NodeFixture()
        try fixture.node.shell("ip link set up0 mtu 1400")
        #expect(try fixture.node.run { try HostNetwork().ensureTunnel(port: 8474) }.innerMTU == 1350)
    }

    @Test func `without a default route the smallest device with an address decides`() throws {
        let fixture = try NodeFixture()
        try fixture.node.shell("ip route del default\nip link set up0 mtu 1420")
        #expect(try fixture.node.run { try HostNetwork().ensureTunnel(port: 8474) }.innerMTU == 1370)
    }

    @Test(arguments: ["external", "id 1"])
    func `a device that has the port is named, and ours isn't left half made`(kind: String) throws {
        let node = try Namespace()
        try node.shell("ip link add flannel.1 type vxlan \(kind) dstport 8474\nip link set flannel.1 up")
        let error = #expect(throws: HostNetworkError.self) { try node.run { try HostNetwork().ensureTunnel(port: 8474) } }
        #expect(error?.description.contains("the device flannel.1 uses UDP port 8474") == true, "\(String(describing: error))")
        #expect(try !node.run { try HostNetwork().facts() }.interfaces.contains { $0.facts.name == "egw0" })
    }

    @Test func `a device of our name and another kind is not touched`() throws {
        let node = try Namespace()
        try node.shell("ip link add egw0 type bridge")
        let error = #expect(throws: HostNetworkError.self) { try node.run { try HostNetwork().ensureTunnel(port: 8474) } }
        #expect(error?.description.contains("egw0 is there already and is a bridge device") == true)
        #expect(try node.output("ip -details link show egw0").contains("bridge"))
    }

    @Test func `reserved ports join those that are reserved already`() throws {
        let node = try Namespace()
        try node.shell("echo 8080,40000-41000 >/proc/sys/net/ipv4/ip_local_reserved_ports")
        try node.run { try HostNetwork().reservePorts(40_960...45_055) }
        try node.run { try HostNetwork().reservePorts(40_960...45_055) }
        #expect(try node.output("cat /proc/sys/net/ipv4/ip_local_reserved_ports") == "8080,40000-45055\n")
    }
}
