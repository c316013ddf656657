import EgressModel
import Glibc
import TestRandom
import Testing

/// The C library's inet_pton(3) and inet_ntop(3) are asked the same.
@Suite struct AddressOracleTests {
    /// Octets as the C library reads the text; `nil` for what it refuses. Text with a NUL ends there for C.
    private func oracle(_ text: String) -> [UInt8]? {
        guard !text.utf8.contains(0) else { return nil }
        var octets = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &octets) == 1 { return Array(octets[..<4]) }
        return inet_pton(AF_INET6, text, &octets) == 1 ? octets : nil
    }

    private func written(_ octets: [UInt8]) -> String? {
        var buffer = [CChar](repeating: 0, count: 64)
        guard inet_ntop(octets.count == 4 ? AF_INET : AF_INET6, octets, &buffer, socklen_t(buffer.count)) != nil else { return nil }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static let seeds = [
        "192.0.2.1", "0.0.0.0", "255.255.255.255", "::", "::1", "2001:db8::1", "fe80:0:0:0:1:2:3:4", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::",
        "::2:3:4:5:6:7:8", "::ffff:192.0.2.1", "64:ff9b::192.0.2.1", "1:2:3:4:5:6:1.2.3.4", "1::1.2.3.4",
    ]
    private static let alphabet = Array("0123456789abcdefABCDEFg:.::..%/ -+[]x\u{0}\u{E9}\u{664}")

    @Test func `changed addresses are read as inet_pton reads them`() {
        var random = SeededRandom(seed: 11)
        var good = 0
        for round in 0..<30_000 {
            var text = Array(Self.seeds[round % Self.seeds.count])
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                let position = Int.random(in: 0...text.count, using: &random)
                let character = Self.alphabet.randomElement(using: &random) ?? "0"
                switch Int.random(in: 0..<4, using: &random) {
                case 0: text.insert(character, at: position)
                case 1: text.removeSubrange(position..<min(text.count, position + 2))
                case 2: if position < text.count { text[position] = character }
                default: text.insert(contentsOf: text[position..<min(text.count, position + 4)], at: position)
                }
            }
            let candidate = String(text)
            let expected = oracle(candidate)
            #expect(IPAddress(candidate)?.octets == expected, "\(candidate)")
            if expected != nil { good += 1 }
        }
        #expect(good > 3000)
    }

    @Test func `every address is written so that both read it back`() throws {
        var random = SeededRandom(seed: 12)
        for round in 0..<10_000 {
            // Zeros in runs, where the short form is chosen.
            let octets = (0..<(round % 2 == 0 ? 4 : 16)).map { _ in
                Int.random(in: 0..<3, using: &random) == 0 ? UInt8.random(in: 0...255, using: &random) : 0
            }
            let address = try #require(IPAddress(octets: octets))
            #expect(oracle(address.description) == octets)
            #expect(IPAddress(try #require(written(octets))) == address)
            // Both write RFC 5952, but for ::/96 and what holds an IPv4 address.
            if !address.description.contains("."), !octets.prefix(12).allSatisfy({ $0 == 0 }) {
                #expect(address.description == written(octets))
            }
        }
    }

    @Test(arguments: [IPFamily.ipv4, .ipv6]) func `every prefix length masks and holds what it says`(family: IPFamily) throws {
        var random = SeededRandom(seed: 13)
        for length in 0...family.bitWidth {
            for _ in 0..<8 {
                let octets = (0..<family.bitWidth / 8).map { _ in UInt8.random(in: 0...255, using: &random) }
                let address = try #require(IPAddress(octets: octets))
                let prefix = try #require(IPPrefix("\(address)/\(length)"))
                let masked = octets.enumerated().map { index, octet in
                    octet & UInt8(truncatingIfNeeded: 0xFF00 >> max(0, min(8, length - index * 8)))
                }
                let last = zip(octets, masked).enumerated().map { index, pair in
                    pair.1 | ~UInt8(truncatingIfNeeded: 0xFF00 >> max(0, min(8, length - index * 8)))
                }
                #expect(prefix.address.octets == masked)
                #expect(prefix.last.octets == last)
                #expect(prefix.length == length)
                #expect(IPPrefix(prefix.description) == prefix)
                #expect(prefix.contains(address))
                // The same with the last bit of the prefix turned lies outside.
                if length > 0 {
                    var other = octets
                    other[(length - 1) / 8] ^= 0x80 >> UInt8((length - 1) % 8)
                    #expect(try !prefix.contains(#require(IPAddress(octets: other))))
                }
            }
        }
        #expect(IPPrefix("\(family == .ipv4 ? "0.0.0.0" : "::")/\(family.bitWidth + 1)") == nil)
    }

    @Test func `a prefix is an address, a slash and a length in digits, nothing else`() {
        var random = SeededRandom(seed: 14)
        for _ in 0..<5000 {
            let tail = (0..<Int.random(in: 0...4, using: &random)).map { _ in Self.alphabet.randomElement(using: &random) ?? "0" }
            let text = (Self.seeds.randomElement(using: &random) ?? "") + "/" + String(tail)
            guard let prefix = IPPrefix(text) else { continue }
            #expect(Int(String(tail)) == prefix.length, "\(text)")
            #expect(tail.allSatisfy { $0.isASCII && $0.isNumber })
        }
    }
}
