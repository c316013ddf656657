import EgressModel
import Testing

@Suite struct IPAddressTextTests {
    @Test(arguments: ["0.0.0.0", "192.0.2.1", "255.255.255.255", "10.0.0.1"])
    func `a dotted quad reads back as it was written`(_ text: String) {
        #expect(IPAddress(text)?.description == text)
        #expect(IPAddress(text)?.family == .ipv4)
    }

    @Test(arguments: [
        "", "1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.256", "1.2.3.999", "1.2.3.", ".1.2.3", "1..2.3", " 1.2.3.4", "1.2.3.4 ",
        "1.2.3.4/24",
        "1.2.3.-4", "1.2.3.+4", "0x1.2.3.4", "1.2.3.٤",
    ])
    func `what is no dotted quad is no address`(_ text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test(arguments: [
        ("::", "::"), ("::1", "::1"), ("1::", "1::"), ("2001:db8::1:0:0:1", "2001:db8::1:0:0:1"),
        ("2001:0DB8:0:0:0:0:0:0001", "2001:db8::1"), ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
        ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("1:0:0:2:0:0:0:3", "1:0:0:2::3"), ("::ffff:1.2.3.4", "::ffff:1.2.3.4"),
        ("::FFFF:0102:0304", "::ffff:1.2.3.4"), ("64:ff9b::1.2.3.4", "64:ff9b::102:304"), ("fe80:0:0:0:1:2:3:4", "fe80::1:2:3:4"),
        ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"), ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"), ("0:0:0:0:0:0:0:0", "::"),
    ])
    func `an IPv6 address is written as RFC 5952 says`(_ text: String, _ canonical: String) {
        #expect(IPAddress(text)?.description == canonical)
        #expect(IPAddress(canonical) == IPAddress(text))
    }

    @Test(arguments: [
        ":", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "::12345", "::g", "fe80::1%eth0", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3",
        "1.2.3.4::", "::1.2.3.4:5", "1:2:3:4:5:6:7:8::", ":1::2", "1::2:", "::1/128", "2001:db8::+1", "[::1]",
    ])
    func `what is no IPv6 text is no address`(_ text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test func `a mapped address stays an IPv6 address`() {
        #expect(IPAddress("::ffff:1.2.3.4")?.family == .ipv6)
        #expect(IPAddress("::ffff:1.2.3.4") != IPAddress("1.2.3.4"))
    }

    @Test func `octets are in network order, and read back`() throws {
        let address = try #require(IPAddress("2001:db8::102"))
        #expect(address.octets == [0x20, 1, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2])
        #expect(IPAddress(octets: address.octets) == address)
        #expect(IPAddress("192.0.2.1")?.octets == [192, 0, 2, 1])
        #expect(IPAddress(octets: [1, 2, 3]) == nil)
    }

    @Test(arguments: [
        ("127.0.0.1", false), ("169.254.1.1", false), ("fe80::1", false), ("ff02::1", false), ("0.0.0.0", false), ("10.0.0.1", true),
        ("fd00::1", true),
    ])
    func `link-local, loopback and multicast addresses are not global`(_ text: String, _ isGlobal: Bool) {
        #expect(IPAddress(text)?.isGlobal == isGlobal)
    }
}
