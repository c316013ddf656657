// SPDX-License-Identifier: Apache-2.0
import EgressModel
import EgressPlan
import TestKit
import Testing

@testable import HostNetwork

@Suite(.requires(.lab))
struct HostFactsTests {
    @Test func `interfaces have their addresses, other names, kind, MTU and state`() throws {
        let node = try Namespace()
        try node.shell(
            """
            ip link add br0 type bridge
            ip link set br0 mtu 1400
            ip link property add dev br0 altname bridge-of-the-pods
            ip address add 192.0.2.11/24 dev br0
            ip address add 192.0.2.12/24 dev br0
            ip address add 2001:db8::11/64 dev br0 nodad
            ip link set br0 up
            ip link add va type veth peer name vb
            ip link set va master br0
            """)
        let facts = try node.run { try HostNetwork().facts() }
        let bridge = try #require(facts.interfaces.first { $0.facts.name == "br0" })
        #expect(bridge.kind == "bridge")
        #expect(bridge.mtu == 1400)
        #expect(bridge.facts.isUp)
        #expect(bridge.facts.altNames == ["bridge-of-the-pods"])
        #expect(
            bridge.facts.addresses.filter { $0.address.isGlobal }.map(\.description) == [
                "192.0.2.11/24", "192.0.2.12/24", "2001:db8::11/64",
            ])
        let port = try #require(facts.interfaces.first { $0.facts.name == "va" })
        #expect(port.kind == "veth")
        #expect(port.master == bridge.facts.index)
        #expect(!port.facts.isUp)
        let loopback = try #require(facts.interfaces.first)
        #expect(loopback.isLoopback)
        #expect(facts.podDevices.isEmpty, "both ends of the veth are in this namespace")
        #expect(facts.defaultRoute == DefaultRoute())
        #expect(facts.interfaces.map(\.facts.index) == facts.interfaces.map(\.facts.index).sorted())
    }

    @Test func `the default route is the main table's with the lowest metric, for each family`() throws {
        let node = try Namespace()
        try node.shell(
            """
            for name in a b; do ip link add name up-$name type veth peer name ${name}-far; ip link set up-$name up; ip link set $name-far up; done
            ip address add 192.0.2.1/24 dev up-a
            ip address add 198.51.100.1/24 dev up-b
            ip route add default via 192.0.2.254 metric 300
            ip route add default via 198.51.100.254 metric 100
            ip route add default via 192.0.2.254 table 99
            ip route add unreachable default metric 5
            ip -6 address add 2001:db8::1/64 dev up-a nodad
            ip -6 route add default via 2001:db8::fe dev up-a
            """)
        let facts = try node.run { try HostNetwork().facts() }
        #expect(facts.defaultRoute == DefaultRoute(ipv4: "up-b", ipv6: "up-a"))
    }

    @Test func `a default route over several next hops is the first one's`() throws {
        let node = try Namespace()
        try node.shell(
            """
            for name in a b; do ip link add name up-$name type veth peer name ${name}-far; ip link set up-$name up; ip link set $name-far up; done
            ip address add 192.0.2.1/24 dev up-a
            ip address add 198.51.100.1/24 dev up-b
            ip route add default nexthop via 192.0.2.254 nexthop via 198.51.100.254
            """)
        #expect(try node.run { try HostNetwork().facts() }.defaultRoute == DefaultRoute(ipv4: "up-a"))
    }

    @Test func `an address that a duplicate took is none of the node's`() throws {
        let node = try Namespace()
        try node.shell(
            """
            ip link add name up-a type veth peer name up-b
            ip address add 2001:db8::5/64 dev up-b nodad
            ip link set up-b up
            ip address add 2001:db8::5/64 dev up-a
            ip link set up-a up
            for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
              ip address show dev up-a | grep -q dadfailed && exit 0; sleep 0.1
            done
            exit 1
            """)
        let facts = try node.run { try HostNetwork().facts() }
        let held = facts.interfaces.first { $0.facts.name == "up-a" }?.facts.addresses ?? []
        #expect(!held.contains { $0.address.isGlobal })
    }

    @Test func `a routed pod is found by its addresses, and packets to it go to its veth`() throws {
        let fixture = try NodeFixture()
        try fixture.pod.shell("ip address add 2001:db8:244::10/64 dev eth0 nodad")
        let facts = try fixture.node.run { try HostNetwork().facts() }
        let device = try #require(facts.podDevices.first { $0.interface == "pod0" })
        #expect(device.addresses.map(\.description) == ["10.244.1.10", "2001:db8:244::10"])
        #expect(device.deliverIndex == device.index)
        #expect(device.index == facts.interfaces.first { $0.facts.name == "pod0" }?.facts.index)
    }

    @Test func `packets to a pod on a bridge go to the bridge`() throws {
        let node = try Namespace()
        let pod = try Namespace()
        try node.shell(
            """
            ip link add cni0 type bridge
            ip address add 10.244.2.1/24 dev cni0
            ip link set cni0 up
            ip link add veth7 type veth peer name eth0 netns "$1"
            ip link set veth7 master cni0 up
            """, other: pod)
        try pod.shell("ip address add 10.244.2.9/24 dev eth0\nip link set eth0 up")
        let facts = try node.run { try HostNetwork().facts() }
        let device = try #require(facts.podDevices.first)
        #expect(facts.podDevices.count == 1)
        #expect(device.addresses == [IPAddress(ipv4: 0x0AF4_0209)])
        #expect(device.deliverIndex == facts.interfaces.first { $0.facts.name == "cni0" }?.facts.index)
    }

    @Test func `a pod that only the default route leads to has no device to deliver to`() throws {
        let fixture = try NodeFixture()
        try fixture.node.shell("ip route del 10.244.1.10/32 dev pod0")
        let facts = try fixture.node.run { try HostNetwork().facts() }
        let device = try #require(facts.podDevices.first { $0.interface == "pod0" })
        #expect(device.deliverIndex == nil)
    }

    @Test func `the other end without an address is no pod's device`() throws {
        let node = try Namespace()
        let pod = try Namespace()
        try node.shell("ip link add veth7 type veth peer name eth0 netns \"$1\"", other: pod)
        #expect(try node.run { try HostNetwork().facts() }.podDevices.isEmpty)
    }
}
