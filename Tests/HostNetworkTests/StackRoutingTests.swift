// SPDX-License-Identifier: Apache-2.0
import CEgressShims
import EgressModel
import EgressPlan
import Glibc
import TestKit
import Testing

@testable import HostNetwork

@Suite(.requires(.lab))
struct StackRoutingTests {
    @Test func `marked packets of both families lead to the tunnel device, others don't`() throws {
        let node = try Namespace()
        try node.shell(
            """
            ip link add up0 type veth peer name up1; ip link set up0 up; ip link set up1 up
            ip address add 192.0.2.11/24 dev up0; ip address add 2001:db8::11/64 dev up0 nodad
            ip route add default via 192.0.2.1; ip -6 route add default via 2001:db8::1
            sysctl -qw net.ipv6.conf.all.forwarding=1
            """)
        let network = HostNetwork()
        for _ in 0..<2 {
            try node.run {
                let tunnel = try network.ensureTunnel(port: 8474)
                try network.setStackRoutes(StackRoutes(tunnelIndex: tunnel.index, mark: 0x1000, mtu: 1350))
            }
        }
        for remote in ["203.0.113.10", "2001:db8:113::10"] {
            #expect(try node.output("ip route get \(remote) mark 0x1000").contains("dev egw0 table 8474"))
            #expect(try node.output("ip route get \(remote) mark 0x51ff3").contains("dev egw0"), "by one bit")
            #expect(try node.output("ip route get \(remote)").contains("dev up0"))
            #expect(try node.output("ip route get \(remote) mark 0xffffefff").contains("dev up0"))
        }
        #expect(try node.output("ip rule; ip -6 rule").split(separator: "\n").count { $0.contains("lookup 8474") } == 2, "once each")
        // With an address, or answers from beyond it are dropped.
        #expect(try node.output("ip -4 address show dev egw0").contains("inet 169.254.84.74/32 scope host"))
        // Nothing falls through to the main table while the device is gone.
        try node.shell("ip link del egw0")
        #expect(throws: (any Error).self) { try node.shell("ip route get 203.0.113.10 mark 0x1000") }
        #expect(throws: (any Error).self) { try node.shell("ip route get 2001:db8:113::10 mark 0x1000") }
    }

    @Test func `the route says how large a packet may be, and follows the links between the nodes`() throws {
        let node = try Namespace()
        let network = HostNetwork()
        try node.run {
            let tunnel = try network.ensureTunnel(port: 8474)
            for mtu in [1350, 1350, 1200] {
                try network.setStackRoutes(StackRoutes(tunnelIndex: tunnel.index, mark: 0x1000, mtu: mtu))
            }
        }
        func mtu(_ show: String) throws -> String? {
            try node.output(show).split(separator: "\n").first { $0.contains("dev egw0") }?.split(separator: " ").drop { $0 != "mtu" }
                .prefix(2)
                .joined(separator: " ")
        }
        #expect(try mtu("ip route show table 8474") == "mtu 1200")
        #expect(try mtu("ip -6 route show table 8474") == "mtu 1280", "no IPv6 link takes less")
        #expect(try node.output("ip route show table 8474; ip -6 route show table 8474").split(separator: "\n").count == 4)
    }

    @Test func `another mark takes the place of the first, and nothing is left when it is taken away`() throws {
        let node = try Namespace()
        let network = HostNetwork()
        let before = try node.output("ip rule; ip -6 rule; ip route show table all; ip -6 route show table all | grep -v fe80")
        try node.run {
            let tunnel = try network.ensureTunnel(port: 8474)
            try network.setStackRoutes(StackRoutes(tunnelIndex: tunnel.index, mark: 0x1000, mtu: 1350))
            try network.setStackRoutes(StackRoutes(tunnelIndex: tunnel.index, mark: 0x2000, mtu: 1350))
        }
        #expect(try node.output("ip rule").contains("fwmark 0x2000/0x2000 lookup 8474"))
        #expect(try !node.output("ip rule; ip -6 rule").contains("0x1000"))
        try node.run { try network.setStackRoutes(nil) }
        try node.run { try network.setStackRoutes(nil) }
        #expect(try !node.output("ip -4 address show dev egw0").contains("inet"))
        try node.shell("ip link del egw0")
        #expect(try node.output("ip rule; ip -6 rule; ip route show table all; ip -6 route show table all | grep -v fe80") == before)
    }
}
