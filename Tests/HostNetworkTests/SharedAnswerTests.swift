// SPDX-License-Identifier: Apache-2.0
import EgressModel
import EgressPlan
import TestKit
import Testing

@testable import HostNetwork

/// An egress address that the node uses too, and `egress_uplink` isn't there: what the node's stack sees of answers.
@Suite(.requires(.lab))
struct SharedAnswerTests {
    private static let rules = NetfilterRules(
        tunnelPort: 8474, uplinks: ["up0"], shared: [ip("198.51.100.1"), ip("2001:db8::1")])

    private static func fixture() throws -> NodeFixture {
        let fixture = try NodeFixture()
        try fixture.node.shell("ip address add 2001:db8::1/64 dev up0 nodad")
        try fixture.outside.shell(
            """
            ip address add 2001:db8::2/64 dev eth0 nodad
            nft add table inet witness; nft 'add chain inet witness in { type filter hook input priority 0; }'
            nft add rule inet witness in tcp flags rst counter
            nft add rule inet witness in icmp type destination-unreachable counter
            nft add rule inet witness in icmpv6 type destination-unreachable counter
            """)
        return fixture
    }

    /// Answers to what the datapath sent, of both families: of TCP the first and a later one, and a datagram. Returns how
    /// many resets and errors they were answered with.
    private static func answered(_ fixture: NodeFixture, flags: [String] = ["SA", "A", "PA"]) throws -> [String] {
        let before = try counts(fixture)
        let script = """
            from scapy.all import IP, IPv6, TCP, UDP, send
            for ip in (IP(src="198.51.100.2", dst="198.51.100.1"), IPv6(src="2001:db8::2", dst="2001:db8::1")):
                for flags in \(flags):
                    send(ip/TCP(sport=80, dport=20000, flags=flags, seq=9, ack=9), verbose=0)
                send(ip/UDP(sport=53, dport=20000)/b"answer", verbose=0)
            """
        try fixture.outside.shell("python3 -c '\(script)'\nsleep 0.1")
        return zip(before, try counts(fixture)).map { "\($1 - $0)" }
    }

    private static func counts(_ fixture: NodeFixture) throws -> [Int] {
        try fixture.outside.output("nft list chain inet witness in | grep -o 'packets [0-9]*' | cut -d' ' -f2")
            .split(separator: "\n").compactMap { Int($0) }
    }

    @Test func `answers on our ports are met with no reset and no error, and a caller of the node is`() throws {
        let fixture = try Self.fixture()
        #expect(try Self.answered(fixture) == ["6", "1", "1"], "without the table")
        try fixture.node.run { try HostNetwork().setNetfilter(Self.rules) }
        #expect(try Self.answered(fixture) == ["0", "0", "0"])
        #expect(try Self.answered(fixture, flags: ["S"]) == ["2", "0", "0"], "that there is nobody is the node's to say")
        // A socket that listens there would reset an answer all the same.
        let other = try StreamPair(from: fixture.outside, to: fixture.node, "198.51.100.1", port: 20000)
        #expect(try Self.answered(fixture) == ["0", "0", "0"])
        #expect(try other.echoes("the node's"))
    }

    @Test(arguments: [true, false])
    func `connections and sockets of the node on these ports go on`(knowsSockets: Bool) throws {
        let fixture = try Self.fixture()
        // Nobody tracks it: only its socket says whose it is.
        let old = knowsSockets ? try StreamPair(from: fixture.outside, to: fixture.node, "198.51.100.1", port: 20001) : nil
        let script = try netfilterScript(Self.rules, knowsSockets: knowsSockets)
        try fixture.node.run { try Command(path: Command.find("nft"), arguments: ["-f", "-"]).run(input: script) }
        if let old { #expect(try old.echoes("before the table")) }
        let new = try StreamPair(from: fixture.outside, to: fixture.node, "198.51.100.1", port: 20002)
        #expect(try new.echoes("after the table"))
        let new6 = try StreamPair(from: fixture.outside, to: fixture.node, "2001:db8::1", port: 20006)
        #expect(try new6.echoes("IPv6"))
        let node = try DatagramSocket(fixture.node, port: 20003)
        let client = try DatagramSocket(fixture.outside, port: 7000)
        try client.send("asked", to: "198.51.100.1", port: 20003)
        #expect(node.receive() == "asked")
        // The node's own connection out, from one of these ports.
        let out = try DatagramSocket(fixture.node, port: 20004)
        try out.send("question", to: "198.51.100.2", port: 7000)
        #expect(client.receive() == "question")
        try client.send("answer", to: "198.51.100.1", port: 20004)
        #expect(out.receive() == "answer")
    }

    @Test func `what the kernel masquerades to one of these ports gets its answers`() throws {
        let fixture = try Self.fixture()
        try fixture.node.shell("nft 'table ip cni { chain post { type nat hook postrouting priority 100; oifname up0 masquerade; }; }'")
        try fixture.node.run { try HostNetwork().setNetfilter(Self.rules) }
        try fixture.outside.shell("ip route del 10.244.0.0/16")
        let pod = try DatagramSocket(fixture.pod, port: 20005)
        let server = try DatagramSocket(fixture.outside, port: 7000)
        try pod.send("question", to: "198.51.100.2", port: 7000)
        #expect(server.receive() == "question")
        try server.send("answer", to: "198.51.100.1", port: 20005)
        #expect(pod.receive() == "answer")
        let stream = try StreamPair(from: fixture.pod, to: fixture.outside, "198.51.100.2", port: 7001)
        #expect(try stream.echoes("by TCP"))
    }
}
