import EgressModel
import Testing

@Suite struct IPPrefixTests {
    @Test(arguments: [
        ("0.0.0.0/0", "0.0.0.0/0"), ("192.0.2.77/24", "192.0.2.0/24"), ("192.0.2.77/32", "192.0.2.77/32"), ("10.255.0.1/9", "10.128.0.0/9"),
        ("::/0", "::/0"), ("2001:db8::ffff/33", "2001:db8::/33"), ("2001:db8::1/128", "2001:db8::1/128"), ("ffff::/1", "8000::/1"),
    ])
    func `host bits are masked`(_ text: String, _ masked: String) {
        #expect(IPPrefix(text)?.description == masked)
    }

    @Test(arguments: [
        "192.0.2.0", "192.0.2.0/", "/24", "192.0.2.0/33", "::/129", "192.0.2.0/-1", "192.0.2.0/+8", "192.0.2.0/24/8", "192.0.2.0/0024",
        "x/8", "",
    ])
    func `what is no prefix is none`(_ text: String) {
        #expect(IPPrefix(text) == nil)
    }

    @Test func `a prefix holds its first and last address, and none beside them`() throws {
        let prefix = try #require(IPPrefix("198.51.100.64/26"))
        for (text, holds) in [
            ("198.51.100.63", false), ("198.51.100.64", true), ("198.51.100.127", true), ("198.51.100.128", false), ("::", false),
        ] {
            #expect(try prefix.contains(#require(IPAddress(text))) == holds, "\(text)")
        }
    }

    @Test func `the widest prefixes hold everything of their family`() throws {
        #expect(try #require(IPPrefix("0.0.0.0/0")).contains(#require(IPAddress("255.255.255.255"))))
        #expect(try #require(IPPrefix("::/0")).contains(#require(IPAddress("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"))))
        #expect(try !#require(IPPrefix("::/0")).contains(#require(IPAddress("1.2.3.4"))))
    }

    @Test func `a wider prefix sorts before the narrower one at the same address`() {
        let texts = ["::/0", "10.0.0.0/16", "10.0.0.0/8", "0.0.0.0/0"]
        #expect(texts.compactMap { IPPrefix($0) }.sorted().map(\.description) == ["0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/16", "::/0"])
    }

    @Test func `an interface's address keeps its host bits`() {
        #expect(InterfaceAddress("192.0.2.11/24")?.description == "192.0.2.11/24")
        #expect(InterfaceAddress("192.0.2.11") == nil)
    }
}
