// SPDX-License-Identifier: Apache-2.0
import CEgressShims
import EgressModel
import EgressPlan
import FoundationEssentials
import Glibc
import TestKit
import Testing

@testable import HostNetwork

@Suite(.requires(.lab))
struct ClaimedAddressTests {
    private let ipv4: IPAddress = IPAddress(ipv4: 0xC633_6407)
    private let ipv6 = IPAddress(ipv6: 0x2001_0DB8_0000_0000_0000_0000_0000_0007)

    private func index(_ name: String, _ node: Namespace) throws -> Int {
        try #require(try node.run { try HostNetwork().facts() }.interfaces.first { $0.facts.name == name }?.facts.index)
    }

    private func claimed(_ node: Namespace) throws -> Set<ClaimedAddress> { try node.run { try HostNetwork().claimedAddresses() } }

    @Test func `an address is put on, known again by its mark, and taken away`() throws {
        let fixture = try NodeFixture()
        let node = fixture.node
        let up = try index("up0", node)
        let both: Set = [ClaimedAddress(ipv4, interfaceIndex: up), ClaimedAddress(ipv6, interfaceIndex: up)]
        #expect(try claimed(node).isEmpty)
        try node.run { for address in both { try HostNetwork().addAddress(address) } }
        try node.run { for address in both { try HostNetwork().addAddress(address) } }
        #expect(try claimed(node) == both)
        let shown = try node.output("ip -o address show dev up0")
        #expect(shown.contains("inet 198.51.100.7/32 scope global up0"))
        #expect(shown.contains("inet6 2001:db8::7/128 scope global nodad deprecated noprefixroute"), "\(shown)")
        // Its facts have them like any other, behind the node's own.
        let facts = try #require(try node.run { try HostNetwork().facts() }.interfaces.first { $0.facts.index == up })
        #expect(facts.facts.addresses.first { $0.address.family == .ipv4 }?.description == "198.51.100.1/24")
        #expect(facts.facts.addresses.contains { $0.address == ipv4 } && facts.facts.addresses.contains { $0.address == ipv6 })
        try node.run { for address in both { try HostNetwork().removeAddress(address) } }
        try node.run { for address in both { try HostNetwork().removeAddress(address) } }
        #expect(try claimed(node).isEmpty)
        let after = try node.output("ip -o address show dev up0")
        #expect(!after.contains("198.51.100.7") && !after.contains("2001:db8::7") && after.contains("198.51.100.1/24"))
        #expect(try node.output("ip route show table all; ip -6 route show table all").contains("2001:db8::7") == false)
    }

    @Test func `what an administrator put there is neither marked nor taken away`() throws {
        let fixture = try NodeFixture()
        let node = fixture.node
        let up = try index("up0", node)
        try node.shell("ip address add 198.51.100.7/32 dev up0; ip address add 2001:db8::7/128 dev up0 nodad")
        for address in [ipv4, ipv6] {
            try node.run { try HostNetwork().addAddress(ClaimedAddress(address, interfaceIndex: up)) }
            #expect(try claimed(node).isEmpty)
            try node.run { try HostNetwork().removeAddress(ClaimedAddress(address, interfaceIndex: up)) }
        }
        let shown = try node.output("ip -o address show dev up0")
        #expect(shown.contains("198.51.100.7/32") && shown.contains("2001:db8::7/128"))
    }

    @Test func `an IPv4 address goes alone, whatever others stand beside it`() throws {
        let fixture = try NodeFixture()
        let node = fixture.node
        let up = try index("up0", node)
        try node.shell("ip address add 198.51.100.9/24 dev up0; ip address add 198.51.100.7/24 dev up0")
        let ours = ClaimedAddress(ipv4, interfaceIndex: up)
        // The same address with another length is another entry of the kernel's.
        try node.run { try HostNetwork().addAddress(ours) }
        #expect(try claimed(node) == [ours])
        try node.run { try HostNetwork().removeAddress(ours) }
        let shown = try node.output("ip -o address show dev up0")
        #expect(shown.contains("198.51.100.7/24") && shown.contains("198.51.100.9/24") && !shown.contains("198.51.100.7/32"))
    }

    @Test func `an interface that isn't there is an error on adding and none on removing`() throws {
        let node = try Namespace()
        let nowhere = ClaimedAddress(ipv4, interfaceIndex: 4711)
        #expect(throws: HostNetworkError.self) { try node.run { try HostNetwork().addAddress(nowhere) } }
        try node.run { try HostNetwork().removeAddress(nowhere) }
        try node.run { try HostNetwork().announce(nowhere) }
        #expect(try node.run { try HostNetwork().liveInterfaces() } == [1])
    }

    @Test func `the node's own connections don't leave by it`() throws {
        let fixture = try NodeFixture()
        let node = fixture.node
        let up = try index("up0", node)
        try node.shell("ip -6 address add 2001:db8::ffff:1/64 dev up0 nodad")
        try node.run {
            for address in [ipv4, ipv6] { try HostNetwork().addAddress(ClaimedAddress(address, interfaceIndex: up)) }
        }
        #expect(try node.output("ip route get 203.0.113.5").contains("src 198.51.100.1 "))
        #expect(try node.output("ip -6 route get 2001:db8::8").contains("src 2001:db8::ffff:1 "))
    }

    /// Debian's scapy at the other end is who reads the frames.
    @Test func `neighbours hear of it: gratuitous ARP and an unsolicited advertisement`() throws {
        let fixture = try NodeFixture()
        let node = fixture.node
        let up = try index("up0", node)
        let folder = "/tmp/egt-frames-\(UInt32.random(in: .min ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let script = """
            import sys
            from scapy.all import ARP, Ether, IPv6, ICMPv6ND_NA, ICMPv6NDOptDstLLAddr, sniff
            def seen(p):
                if ARP in p and p[ARP].psrc == "198.51.100.7":
                    a = p[ARP]
                    print("arp", p.dst, p.src == a.hwsrc, a.op, a.pdst, a.hwdst, len(p), flush=True)
                if ICMPv6ND_NA in p and p[ICMPv6ND_NA].tgt == "2001:db8::7":
                    n = p[ICMPv6ND_NA]
                    sum = n.cksum; wanted = p[IPv6].copy(); del wanted[ICMPv6ND_NA].cksum
                    right = IPv6(bytes(wanted))[ICMPv6ND_NA].cksum == sum
                    print("na", p.dst, p[IPv6].src, p[IPv6].dst, p[IPv6].hlim, n.O, n.S, n.R, p[ICMPv6NDOptDstLLAddr].lladdr == p.src, right, flush=True)
            sniff(iface="eth0", prn=seen, timeout=3, started_callback=lambda: open("\(folder)/ready", "w").close())
            """
        try fixture.outside.shell(
            """
            cat >\(folder)/judge.py <<'END'
            \(script)
            END
            /usr/bin/python3 \(folder)/judge.py >\(folder)/seen 2>\(folder)/errors &
            """)
        for _ in 0..<200 where !FileManager.default.fileExists(atPath: "\(folder)/ready") { usleep(50_000) }
        #expect(FileManager.default.fileExists(atPath: "\(folder)/ready"), "\(FileText.read("\(folder)/errors") ?? "")")
        try node.run {
            for address in [ipv4, ipv6] { try HostNetwork().announce(ClaimedAddress(address, interfaceIndex: up)) }
        }
        var seen = ""
        for _ in 0..<100 where !(seen.contains("arp") && seen.contains("na ")) {
            usleep(50_000)
            seen = FileText.read("\(folder)/seen") ?? ""
        }
        #expect(seen.contains("arp ff:ff:ff:ff:ff:ff True 1 198.51.100.7 00:00:00:00:00:00 60"), "\(seen)")
        #expect(seen.contains("na 33:33:00:00:00:01 2001:db8::7 ff02::1 255 1 0 0 True True"), "\(seen)")
    }

    @Test func `a neighbour that knew the address elsewhere sends here after one announcement`() throws {
        let fixture = try NodeFixture()
        let up = try index("up0", fixture.node)
        try fixture.outside.shell("ip neighbour replace 198.51.100.7 lladdr 02:00:00:00:00:99 nud stale dev eth0")
        // By the capabilities that the helper has, and not CAP_NET_RAW.
        let capabilities = UInt64(1) << 11 | 1 << 12 | 1 << 39
        try fixture.node.run {
            #expect(egress_use_capabilities(capabilities) == 0)
            #expect(socket(AF_PACKET, Int32(SOCK_RAW.rawValue), 0) == -1)
            try HostNetwork().announce(ClaimedAddress(ipv4, interfaceIndex: up))
        }
        var known = ""
        for _ in 0..<40 where known.isEmpty || known.contains("02:00:00:00:00:99") {
            usleep(50_000)
            known = try fixture.outside.output("ip neighbour show 198.51.100.7")
        }
        let link = try fixture.node.output("ip -o link show up0")
        let lladdr = try #require(known.split(separator: " ").drop { $0 != "lladdr" }.dropFirst().first)
        #expect(link.contains("link/ether \(lladdr)"), "\(known)")
    }

    @Test func `nothing is announced where nobody asks for addresses`() {
        #expect(EgressAnnouncement(address: IPAddress(ipv4: 1), hardwareAddress: []) == nil)
        #expect(EgressAnnouncement(address: IPAddress(ipv4: 1), hardwareAddress: [1, 2, 3, 4, 5, 6])?.frame.count == 60)
    }

    @Test func `losing it is news`() async throws {
        let fixture = try NodeFixture()
        let node = fixture.node
        let up = try index("up0", node)
        let ours = ClaimedAddress(ipv4, interfaceIndex: up)
        try node.run { try HostNetwork().addAddress(ours) }
        let changes = try node.run { HostNetwork().changes() }
        var iterator = changes.makeAsyncIterator()
        _ = await iterator.next()
        try node.shell("ip address del 198.51.100.7/32 dev up0")
        _ = await iterator.next()
        #expect(try claimed(node).isEmpty)
    }
}
