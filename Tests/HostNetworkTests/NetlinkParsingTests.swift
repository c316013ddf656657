// SPDX-License-Identifier: Apache-2.0
import CEgressShims
import EgressModel
import Testing

@testable import HostNetwork

@Suite struct NetlinkParsingTests {
    /// RTM_NEWLINK of a veth as the kernel sends it, shortened; little endian.
    private static let veth: [UInt8] = [
        0x54, 0, 0, 0, 0x10, 0, 0x02, 0, 7, 0, 0, 0, 0, 0, 0, 0,  // nlmsghdr: 84 bytes, RTM_NEWLINK, NLM_F_MULTI, sequence 7
        0, 0, 1, 0, 9, 0, 0, 0, 0x43, 0x10, 1, 0, 0, 0, 0, 0,  // ifinfomsg: ethernet, index 9, IFF_UP …
        9, 0, 3, 0, 0x70, 0x6F, 0x64, 0x30, 0, 0, 0, 0,  // IFLA_IFNAME "pod0", padded
        8, 0, 4, 0, 0xDC, 5, 0, 0,  // IFLA_MTU 1500
        8, 0, 5, 0, 2, 0, 0, 0,  // IFLA_LINK 2
        8, 0, 0x25, 0, 3, 0, 0, 0,  // IFLA_LINK_NETNSID 3
        0x10, 0, 0x12, 0x80, 9, 0, 1, 0, 0x76, 0x65, 0x74, 0x68, 0, 0, 0, 0,  // IFLA_LINKINFO, nested: IFLA_INFO_KIND "veth"
    ]

    @Test func `a link is read`() throws {
        let messages = try NetlinkMessage.split(Self.veth[...])
        let message = try #require(messages.first)
        #expect(messages.count == 1)
        #expect(message.sequence == 7)
        let link = try #require(try LinkMessage(message))
        #expect(link.index == 9)
        #expect(link.name == "pod0")
        #expect(link.mtu == 1500)
        #expect(link.link == 2)
        #expect(link.namespaceID == 3)
        #expect(link.namespaceOfPeer == 3)
        #expect(link.kind == "veth")
        #expect(link.isUp && !link.isLoopback)
    }

    @Test func `a message cut anywhere is an error, and never more`() {
        for length in 1..<Self.veth.count {
            #expect(throws: NetlinkError.self) { try NetlinkMessage.split(Self.veth.prefix(length)).map(LinkMessage.init) }
        }
    }

    @Test func `no bytes make the parsers trap`() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            var bytes = Self.veth
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            for message in (try? NetlinkMessage.split(bytes[...])) ?? [] {
                _ = try? message.refusal()
                for type in [RTM_NEWLINK, RTM_NEWADDR, RTM_NEWROUTE] {
                    var other = message
                    other.type = Int(type)
                    _ = try? (LinkMessage(other), AddressMessage(other), RouteMessage(other))
                }
            }
        }
    }

    @Test func `the kernel's own words for a refusal are kept`() throws {
        let request: [UInt8] = [0x10, 0, 0, 0, 0x10, 0, 5, 0, 1, 0, 0, 0, 0, 0, 0, 0]
        let words: [UInt8] = [8, 0, 1, 0, 0x6E, 0x6F, 0x21, 0]
        let error: [UInt8] = [0xEA, 0xFF, 0xFF, 0xFF]
        let payload = error + request + words
        let message = NetlinkMessage(type: Int(NLMSG_ERROR), flags: Int(NLM_F_ACK_TLVS | NLM_F_CAPPED), sequence: 1, payload: payload[...])
        #expect(try message.refusal() == .refused(errno: 22, text: "no!"))
    }

    @Test func `requests are laid out as rtnetlink wants them`() {
        var request = NetlinkRequest(Int(RTM_GETADDR), flags: Int(NLM_F_DUMP), ifaddrmsg())
        request.add(Int(IFA_TARGET_NETNSID), number: Int32(3))
        request.add(200) { $0.add(1, text: "ab") }
        #expect(
            request.encoded(sequence: 1) == [
                0x2C, 0, 0, 0, 0x16, 0, 1, 3, 1, 0, 0, 0, 0, 0, 0, 0,  // nlmsghdr
                0, 0, 0, 0, 0, 0, 0, 0,  // ifaddrmsg
                8, 0, 10, 0, 3, 0, 0, 0,  // IFA_TARGET_NETNSID
                12, 0, 200, 0x80, 7, 0, 1, 0, 0x61, 0x62, 0, 0,  // nested
            ])
    }
}
