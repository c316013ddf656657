// SPDX-License-Identifier: Apache-2.0
import EgressModel
import EgressPlan
import Foundation
import TestKit
import Testing

@testable import HostNetwork

/// The rules in a real kernel, with real packets.
@Suite(.requires(.lab))
struct NetfilterTests {
    private static func range(_ lower: String, _ upper: String) throws -> ClosedRange<IPAddress> {
        try #require(IPAddress(lower))...(try #require(IPAddress(upper)))
    }

    private static func rules() throws -> NetfilterRules {
        NetfilterRules(
            tunnelPort: 8474,
            guarded: [
                GuardedSources(sources: [try #require(IPAddress("10.244.1.10"))], claimed: [try range("198.51.100.0", "198.51.100.255")]),
                GuardedSources(sources: [try #require(IPAddress("2001:db8:1::a"))], claimed: [try range("::", "2001:db8::ffff")]),
            ], uplinks: ["up0"])
    }

    @Test func `the table loads, is replaced whole, and goes`() throws {
        let node = try Namespace()
        var rules = try Self.rules()
        try node.run { [rules] in try HostNetwork().setNetfilter(rules) }
        rules.guarded[0].claimed = [try Self.range("0.0.0.0", "255.255.255.255")]
        rules.guarded[1].claimed = [try Self.range("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")]
        rules.tunnelPort = 8475
        try node.run { [rules] in try HostNetwork().setNetfilter(rules) }
        let listed = try node.output("nft list ruleset")
        #expect(listed.contains("udp dport 8475 counter") && !listed.contains("8474"))
        #expect(listed.components(of: "table ") == 1)
        try node.run { try HostNetwork().setNetfilter(NetfilterRules()) }
        try node.run { try HostNetwork().setNetfilter(NetfilterRules()) }
        #expect(try node.output("nft list ruleset") == "")
    }

    @Test func `a refused table leaves the one before, and says why`() throws {
        let node = try Namespace()
        try node.run { try HostNetwork().setNetfilter(try Self.rules()) }
        let wrapper = "/tmp/egt-nft-\(UInt32.random(in: 0 ... .max))"
        defer { try? FileManager.default.removeItem(atPath: wrapper) }
        // The real nft, with a rule more that the kernel refuses.
        let script = "#!/bin/sh\n(cat; echo 'add rule inet kubectl_egress nowhere drop') | exec nft \"$@\"\n"
        try #require(FileManager.default.createFile(atPath: wrapper, contents: Data(script.utf8), attributes: [.posixPermissions: 0o755]))
        var others = try Self.rules()
        others.guarded[0].claimed = [try Self.range("10.0.0.0", "10.0.0.9")]
        let error = #expect(throws: HostNetworkError.self) {
            try node.run { [others] in try HostNetwork(nft: wrapper).setNetfilter(others) }
        }
        #expect(error?.description.contains("No such file or directory") == true, "\(String(describing: error))")
        let listed = try node.output("nft list ruleset")
        #expect(listed.contains("ip daddr 198.51.100.0-198.51.100.255"), "\(listed)")
    }

    @Test func `what a claimed pod sends by itself is dropped and counted, anything else is not`() throws {
        let fixture = try NodeFixture()
        let pod = try DatagramSocket(fixture.pod, port: 5000)
        let server = try DatagramSocket(fixture.outside, port: 7000)
        try pod.send("before", to: "198.51.100.2", port: 7000)
        #expect(server.receive() == "before")
        try fixture.node.run { try HostNetwork().setNetfilter(try Self.rules()) }
        try pod.send("unclaimed", to: "203.0.113.5", port: 7000)
        #expect(server.receive() == "unclaimed")
        let other = try DatagramSocket(fixture.pod, port: 5001)
        try other.send("claimed", to: "198.51.100.2", port: 7000)
        #expect(server.receive() == nil)
        #expect(try fixture.node.run { try HostNetwork().guardDrops() }.unsteered.packets == 1)
    }

    @Test func `a service whose endpoint is outside is dropped with a count of its own`() throws {
        let fixture = try NodeFixture()
        try fixture.node.run { try HostNetwork().setNetfilter(try Self.rules()) }
        try fixture.node.shell(
            """
            nft add table ip foreign
            nft 'add chain ip foreign services { type nat hook prerouting priority -100; }'
            nft add rule ip foreign services ip daddr 10.96.0.10 udp dport 80 dnat to 198.51.100.2:7000
            """)
        let server = try DatagramSocket(fixture.outside, port: 7000)
        try DatagramSocket(fixture.pod, port: 5000).send("to a service", to: "10.96.0.10", port: 80)
        #expect(server.receive() == nil)
        let drops = try fixture.node.run { try HostNetwork().guardDrops() }
        #expect(drops == GuardDrops(service: PacketCount(packets: 1, bytes: 40)))
        // Counted from the node's start on: other rules don't begin anew.
        try fixture.node.run { try HostNetwork().setNetfilter(NetfilterRules(tunnelPort: 8474)) }
        #expect(try fixture.node.run { try HostNetwork().guardDrops() } == drops)
        try fixture.node.run { try HostNetwork().setNetfilter(NetfilterRules()) }
        #expect(try fixture.node.run { try HostNetwork().guardDrops() } == GuardDrops())
    }

    @Test func `connections that were open go on, outlive the table's being replaced, and end when they are idle`() throws {
        let fixture = try NodeFixture()
        let pod = try DatagramSocket(fixture.pod, port: 5000)
        let server = try DatagramSocket(fixture.outside, port: 7000)
        let open = LiveConnection(transport: .udp, pod: ip("10.244.1.10"), podPort: 5000, remote: ip("198.51.100.2"), remotePort: 7000)
        var others = (1...9000).map { port in
            LiveConnection(transport: .tcp, pod: ip("10.244.1.10"), podPort: UInt16(port), remote: ip("198.51.100.2"), remotePort: 443)
        }
        others.append(
            LiveConnection(
                transport: .tcp, pod: ip("2001:db8:1::a"), podPort: 1, remote: ip("2001:db8::1"), remotePort: 443, stage: .established))
        // Before there is a table.
        try fixture.node.run { [others] in try HostNetwork().exemptFromGuard(others + [open]) }
        try fixture.node.run { try HostNetwork().setNetfilter(try Self.rules()) }
        try pod.send("goes on", to: "198.51.100.2", port: 7000)
        #expect(server.receive() == "goes on")
        var rules = try Self.rules()
        rules.guarded[0].sources.append(ip("10.244.1.11"))
        try fixture.node.run { [rules] in try HostNetwork().setNetfilter(rules) }
        try pod.send("still", to: "198.51.100.2", port: 7000)
        #expect(server.receive() == "still")
        try DatagramSocket(fixture.pod, port: 5001).send("another", to: "198.51.100.2", port: 7000)
        #expect(server.receive() == nil)
        let set = try fixture.node.output("nft list set inet kubectl_egress exempt_4 | tr ',' '\\n' | grep -c expires")
        #expect(set == "9001\n")
        #expect(
            try fixture.node.output("nft list set inet kubectl_egress exempt_6").contains("2001:db8::1 . 443 . tcp timeout 2h4m expires"))
        // The kernel's own clock ends it: as if it were the end of its time.
        try fixture.node.shell(
            """
            nft delete element inet kubectl_egress exempt_4 { 10.244.1.10 . 5000 . 198.51.100.2 . 7000 . udp }
            nft add element inet kubectl_egress exempt_4 { 10.244.1.10 . 5000 . 198.51.100.2 . 7000 . udp timeout 1s }
            sleep 1.5
            """)
        try pod.send("too late", to: "198.51.100.2", port: 7000)
        #expect(server.receive() == nil)
    }

    @Test func `a SYN from the port of a connection that went on is a new one, and dropped`() throws {
        let fixture = try NodeFixture()
        let open = try StreamPair(from: fixture.pod, to: fixture.outside, "198.51.100.2", port: 7000)
        let connection = LiveConnection(
            transport: .tcp, pod: ip("10.244.1.10"), podPort: open.clientPort, remote: ip("198.51.100.2"), remotePort: 7000)
        try fixture.node.run { try HostNetwork().exemptFromGuard([connection]) }
        try fixture.node.run { try HostNetwork().setNetfilter(try Self.rules()) }
        #expect(try open.echoes("goes on"))
        let script = """
            from scapy.all import IP, TCP, send
            for port in (\(open.clientPort), 7777):
                send(IP(src="10.244.1.10", dst="198.51.100.2")/TCP(sport=port, dport=7000, flags="S"), verbose=0)
            """
        try fixture.pod.shell("python3 -c '\(script)'")
        #expect(try fixture.node.run { try HostNetwork().guardDrops() }.unsteered.packets == 2)
    }

    @Test func `a table that another version made is replaced whole`() throws {
        let fixture = try NodeFixture()
        try fixture.node.shell(
            """
            nft add table inet kubectl_egress
            nft 'add chain inet kubectl_egress guard { type filter hook postrouting priority 55; policy accept; }'
            nft 'add set inet kubectl_egress exempt_4 { type ipv4_addr; }'
            """)
        try fixture.node.run { try HostNetwork().setNetfilter(try Self.rules()) }
        #expect(try fixture.node.output("nft list chain inet kubectl_egress guard").contains("priority security;"))
    }

    @Test func `the answer to a connection that came in passes`() throws {
        let fixture = try NodeFixture()
        try fixture.node.run { try HostNetwork().setNetfilter(try Self.rules()) }
        let pod = try DatagramSocket(fixture.pod, port: 5000)
        let client = try DatagramSocket(fixture.outside, port: 7000)
        try client.send("question", to: "10.244.1.10", port: 5000)
        #expect(pod.receive() == "question")
        try pod.send("answer", to: "198.51.100.2", port: 7000)
        #expect(client.receive() == "answer")
    }

    @Test func `a connection that conntrack does not know is dropped`() throws {
        let fixture = try NodeFixture()
        try fixture.node.run { try HostNetwork().setNetfilter(try Self.rules()) }
        try fixture.node.shell(
            """
            nft add table ip foreign
            nft 'add chain ip foreign raw { type filter hook prerouting priority -300; }'
            nft add rule ip foreign raw udp dport 7000 notrack
            """)
        let server = try DatagramSocket(fixture.outside, port: 7000)
        try DatagramSocket(fixture.pod, port: 5000).send("untracked", to: "198.51.100.2", port: 7000)
        #expect(server.receive() == nil)
        #expect(try fixture.node.output("nft list counter inet kubectl_egress guard_unknown").contains("packets 1 "))
        #expect(try fixture.node.run { try HostNetwork().guardDrops() }.unsteered.packets == 1)
    }

    @Test func `what comes for an egress address reaches no socket, and what comes for the node does`() throws {
        let fixture = try NodeFixture()
        try fixture.node.shell("ip address add 192.0.2.77/32 dev up0\nip address add 192.0.2.78/32 dev up0")
        try fixture.outside.shell("ip route add 192.0.2.76/30 via 198.51.100.1")
        let node = try DatagramSocket(fixture.node, port: 5353)
        let client = try DatagramSocket(fixture.outside, port: 7000)
        try client.send("before", to: "192.0.2.77", port: 5353)
        #expect(node.receive() == "before")
        var rules = try Self.rules()
        rules.dedicated = [try #require(IPAddress("192.0.2.77")), try #require(IPAddress("2001:db8:2::7"))]
        try fixture.node.run { [rules] in try HostNetwork().setNetfilter(rules) }
        try client.send("for the egress address", to: "192.0.2.77", port: 5353)
        #expect(node.receive() == nil)
        try client.send("for the node", to: "192.0.2.78", port: 5353)
        #expect(node.receive() == "for the node")
        try fixture.outside.shell("ping -c 1 -W 2 192.0.2.77 >/dev/null")
    }

    @Test func `a tunnel packet that a pod made is not forwarded`() throws {
        let fixture = try NodeFixture()
        try fixture.node.run { try HostNetwork().setNetfilter(NetfilterRules(tunnelPort: 8474)) }
        let server = try DatagramSocket(fixture.outside, port: 8474)
        try DatagramSocket(fixture.pod, port: 5000).send("hand-made", to: "203.0.113.5", port: 8474)
        #expect(server.receive() == nil)
        #expect(try fixture.node.output("nft list chain inet kubectl_egress tunnel_forward").contains("udp dport 8474 counter packets 1 "))
    }

    @Test func `a node's own tunnel packets arrive, and make no conntrack entry`() throws {
        let fixture = try NodeFixture()
        // The guard makes conntrack run at all.
        try fixture.node.run { try HostNetwork().setNetfilter(try Self.rules()) }
        let node = try DatagramSocket(fixture.node, port: 8474)
        let peer = try DatagramSocket(fixture.outside, port: 8474)
        try node.send("out", to: "198.51.100.2", port: 8474)
        #expect(peer.receive() == "out")
        try peer.send("in", to: "198.51.100.1", port: 8474)
        #expect(node.receive() == "in")
        #expect(try fixture.node.output("cat /proc/sys/net/netfilter/nf_conntrack_count") == "0\n")
    }

    /// Each of these would give the packet the node's address.
    @Test(arguments: [
        "iptables-nft -t nat -A POSTROUTING -j MASQUERADE; ip6tables-nft -t nat -A POSTROUTING -j MASQUERADE",
        "iptables-legacy -t nat -A POSTROUTING -j MASQUERADE --random-fully; ip6tables-legacy -t nat -A POSTROUTING -j MASQUERADE",
        """
        nft add table inet cni; nft 'add chain inet cni post { type nat hook postrouting priority srcnat; }'
        nft add rule inet cni post masquerade
        """,
    ])
    func `nobody's masquerade changes the source of what the stack leads to the tunnel`(masquerade: String) throws {
        let fixture = try NodeFixture()
        try fixture.node.shell(
            "sysctl -qw net.ipv6.conf.all.forwarding=1 net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0")
        for (namespace, script) in [
            (fixture.pod, "ip address add fd00::a/64 dev eth0 nodad; ip -6 route add default via fd00::1"),
            (fixture.node, "ip address add fd00::1/64 dev pod0 nodad; ip address add 2001:db8::1/64 dev up0 nodad"),
            (fixture.outside, "ip address add 2001:db8::2/64 dev eth0 nodad; ip -6 route add fd00::/64 via 2001:db8::1"),
        ] { try namespace.shell(script) }
        try fixture.outside.shell(
            """
            nft add table inet witness; nft 'add chain inet witness in { type filter hook input priority 0; }'
            nft add rule inet witness in ip saddr 10.244.1.10 icmp type echo-request counter
            nft add rule inet witness in ip6 saddr fd00::a icmpv6 type echo-request counter
            nft add rule inet witness in ip saddr 198.51.100.1 icmp type echo-request counter
            nft add rule inet witness in ip6 saddr 2001:db8::1 icmpv6 type echo-request counter
            """)
        try fixture.node.shell(masquerade)
        func counts() throws -> [String] {
            try fixture.outside.output("nft list chain inet witness in | grep -o 'packets [0-9]*'").split(separator: "\n").map(String.init)
        }
        func ping() throws { try fixture.pod.shell("ping -c1 -W2 203.0.113.5 >/dev/null; ping -c1 -W2 2001:db8::2 >/dev/null") }
        try ping()
        #expect(try counts() == ["packets 0", "packets 0", "packets 1", "packets 1"], "the masquerade works")
        try fixture.node.shell(
            """
            nft add table inet steer; nft 'add chain inet steer pre { type filter hook prerouting priority raw; }'
            nft add rule inet steer pre iifname pod0 meta mark set 0x51000
            """)
        try fixture.node.run { try HostNetwork().setNetfilter(NetfilterRules(tunnelPort: 8474, stackMark: 0x1000)) }
        try ping()
        #expect(try counts() == ["packets 1", "packets 1", "packets 1", "packets 1"], "and is held off by the mark")
    }
}

extension String {
    fileprivate func components(of word: String) -> Int { ranges(of: word).count }
}
