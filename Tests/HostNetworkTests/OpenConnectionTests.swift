// SPDX-License-Identifier: Apache-2.0
import CEgressShims
import EgressModel
import EgressPlan
import Foundation
import TestKit
import Testing

@testable import HostNetwork

/// What a real kernel says of connections that are open.
@Suite(.requires(.lab))
struct OpenConnectionTests {
    private static let podIPv4: IPAddress = ip("10.244.1.10")
    private static let podIPv6: IPAddress = ip("2001:db8:1::a")

    private static func device(_ fixture: NodeFixture) throws -> PodDevice {
        let facts = try fixture.node.run { try HostNetwork().facts() }
        return try #require(facts.podDevices.first)
    }

    /// The fixture with IPv6 too, and with conntrack at work where asked for.
    private static func fixture(tracking: Bool) throws -> NodeFixture {
        let fixture = try NodeFixture()
        try fixture.node.shell(
            """
            echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
            ip address add 2001:db8:1::1/64 dev pod0 nodad
            ip address add 2001:db8:2::1/64 dev up0 nodad
            """)
        try fixture.pod.shell("ip address add 2001:db8:1::a/64 dev eth0 nodad\nip route add default via 2001:db8:1::1")
        try fixture.outside.shell("ip address add 2001:db8:2::2/64 dev eth0 nodad\nip route add default via 2001:db8:2::1")
        if tracking {
            try fixture.node.shell(
                """
                nft add table inet foreign
                nft 'add chain inet foreign forward { type filter hook forward priority 0; }'
                nft add rule inet foreign forward ct state new counter
                nft 'add chain inet foreign services { type nat hook prerouting priority -100; }'
                nft add rule inet foreign services ip daddr 10.96.0.10 tcp dport 80 dnat ip to 198.51.100.2:7001
                nft add rule inet foreign services ip daddr 198.51.100.1 udp dport 30053 dnat ip to 10.244.1.10:5353
                """)
        }
        return fixture
    }

    @Test func `conntrack tells who opened what, of both families, and what is behind a service`() throws {
        let fixture = try Self.fixture(tracking: true)
        let ipv4 = try StreamPair(from: fixture.pod, to: fixture.outside, "198.51.100.2", port: 7000)
        let ipv6 = try StreamPair(from: fixture.pod, to: fixture.outside, "2001:db8:2::2", port: 7006)
        let service = try StreamPair(from: fixture.pod, to: fixture.outside, "10.96.0.10", port: 80, listenOn: 7001)
        let called = try StreamPair(from: fixture.outside, to: fixture.pod, "10.244.1.10", port: 8080)
        let (pod, outside) = (try DatagramSocket(fixture.pod, port: 5353), try DatagramSocket(fixture.outside, port: 9000))
        try outside.send("question", to: "198.51.100.1", port: 30053)
        #expect(pod.receive() == "question")
        try pod.send("answer", to: "198.51.100.2", port: 9000)
        #expect(outside.receive() == "answer")
        let alone = try DatagramSocket(fixture.pod, port: 5001)
        try alone.send("nobody answers", to: "203.0.113.5", port: 9001)
        let device = try Self.device(fixture)
        let open = try fixture.node.run { HostNetwork(connections: .conntrack).openConnections(of: [device]) }
        #expect(open.unread == [:])
        #expect(
            Set(open.connections) == [
                LiveConnection(
                    transport: .tcp, pod: Self.podIPv4, podPort: ipv4.clientPort, remote: ip("198.51.100.2"), remotePort: 7000,
                    stage: .established),
                LiveConnection(
                    transport: .tcp, pod: Self.podIPv6, podPort: ipv6.clientPort, remote: ip("2001:db8:2::2"), remotePort: 7006,
                    stage: .established),
                LiveConnection(
                    transport: .tcp, pod: Self.podIPv4, podPort: service.clientPort, remote: ip("10.96.0.10"), remotePort: 80,
                    destination: ip("198.51.100.2"), destinationPort: 7001, stage: .established),
                LiveConnection(
                    transport: .tcp, pod: Self.podIPv4, podPort: 8080, remote: ip("198.51.100.2"), remotePort: called.clientPort,
                    isOpenedByPod: false, stage: .established),
                LiveConnection(
                    transport: .udp, pod: Self.podIPv4, podPort: 5353, remote: ip("198.51.100.2"), remotePort: 9000, isOpenedByPod: false),
                LiveConnection(
                    transport: .udp, pod: Self.podIPv4, podPort: 5001, remote: ip("203.0.113.5"), remotePort: 9001, isAnswered: false),
            ])
        let ended = try StreamPair(from: fixture.pod, to: fixture.outside, "198.51.100.2", port: 7002).clientPort
        let later = try fixture.node.run { HostNetwork(connections: .conntrack).openConnections(of: [device]) }
        #expect(!later.connections.contains { $0.podPort == ended && $0.stage == .established }, "it has been closed")
    }

    @Test func `where conntrack tracks nothing, the pod's own sockets tell`() throws {
        let fixture = try Self.fixture(tracking: false)
        let opened = try StreamPair(from: fixture.pod, to: fixture.outside, "198.51.100.2", port: 7000)
        let ipv6 = try StreamPair(from: fixture.pod, to: fixture.outside, "2001:db8:2::2", port: 7006)
        let called = try StreamPair(from: fixture.outside, to: fixture.pod, "10.244.1.10", port: 8080)
        let device = try Self.device(fixture)
        // A namespace of a test has neither a name nor a process.
        let folder = "/tmp/egt-names-\(UInt32.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for (name, namespace) in [("a", fixture.outside), ("b", fixture.pod)] {
            try FileManager.default.createSymbolicLink(
                atPath: "\(folder)/\(name)", withDestinationPath: "/proc/\(getpid())/fd/\(namespace.descriptor)")
        }
        let reader = ConnectionReader(source: .auto, namespaces: PodNamespaces(folders: [folder], processes: folder))
        let open = try fixture.node.run { reader.read([device]) }
        #expect(open.unread == [:])
        #expect(
            Set(open.connections) == [
                LiveConnection(
                    transport: .tcp, pod: Self.podIPv4, podPort: opened.clientPort, remote: ip("198.51.100.2"), remotePort: 7000,
                    stage: .established),
                LiveConnection(
                    transport: .tcp, pod: Self.podIPv6, podPort: ipv6.clientPort, remote: ip("2001:db8:2::2"), remotePort: 7006,
                    stage: .established),
                LiveConnection(
                    transport: .tcp, pod: Self.podIPv4, podPort: 8080, remote: ip("198.51.100.2"), remotePort: called.clientPort,
                    isOpenedByPod: false, stage: .established),
            ])
        let blind = ConnectionReader(source: .auto, namespaces: PodNamespaces(folders: [], processes: "/nowhere"))
        let unread = try fixture.node.run { blind.read([device]) }
        #expect(unread.connections == [])
        let reason = try #require(unread.unread[device.index])
        #expect(reason.contains("conntrack tracks no connection") && reason.contains("hostPID"), "\(reason)")
        #expect(try fixture.node.run { ConnectionReader(source: .none).read([device]) } == OpenConnections())
    }

    @Test func `no bytes make the parsers trap`() throws {
        let fixture = try Self.fixture(tracking: true)
        let connection = try StreamPair(from: fixture.pod, to: fixture.outside, "198.51.100.2", port: 7000)
        let request = NetlinkRequest(
            Int(NFNL_SUBSYS_CTNETLINK) << 8 | 1, flags: Int(NLM_F_DUMP), nfgenmsg(nfgen_family: 0, version: 0, res_id: 0))
        let seen = try fixture.node.run {
            try NetlinkSocket(NETLINK_NETFILTER).dump(request) { message throws(NetlinkError) in message }
        }
        withExtendedLifetime(connection) {}
        let message = try #require(seen.first)
        var random = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            var bytes = Array(message.payload)
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            var other = message
            other.payload = bytes[...].prefix(Int.random(in: 0...bytes.count, using: &random))
            _ = try? ConntrackMessage(other)?.connection(of: [Self.podIPv4])
            other.type = Int(SOCK_DIAG_BY_FAMILY)
            _ = try? SocketMessage(other)?.connection(.tcp, listening: [])
            other.type = GuardCounter.type
            _ = try? GuardCounter.read(other)
        }
    }
}
