import EgressModel
import Glibc
import TestRandom
import Testing

/// The C library is the judge.
private func octets(_ text: String) -> [UInt8]? {
    var four = in_addr()
    if inet_pton(AF_INET, text, &four) == 1 { return withUnsafeBytes(of: &four) { Array($0) } }
    var six = in6_addr()
    return inet_pton(AF_INET6, text, &six) == 1 ? withUnsafeBytes(of: &six) { Array($0) } : nil
}

@Suite struct AddressTextTests {
    private static let parts = [
        ":", "::", ".", "0", "1", "00", "255", "256", "ffff", "10.0.0.1", "db8", "12345", "g", "F", "9", ":0:", "1:", ":1", " ", "%",
    ]

    @Test func `random texts are the addresses that the C library takes them for`() {
        var random = SeededRandom(seed: 3)
        var good = 0
        for round in 0..<60_000 {
            let separator = [":", ".", "", ":"][round % 4]
            let count = round % 4 == 1 ? Int.random(in: 3...5, using: &random) : Int.random(in: 1...9, using: &random)
            let text = (0..<count).map { _ in Self.parts.randomElement(using: &random) ?? "" }.joined(separator: separator)
            let expected = octets(text)
            #expect(IPAddress(text)?.octets == expected, "\(text)")
            good += expected == nil ? 0 : 1
        }
        #expect(good > 500, "\(good) addresses")
    }

    @Test func `every count of groups around a gap is read`() {
        for head in 0...8 {
            for tail in 0...8 {
                for quad in [false, true] {
                    let after = (0..<tail).map { String(20 + $0) } + (quad ? ["192.0.2.1"] : [])
                    let text = (0..<head).map { String(10 + $0) }.joined(separator: ":") + "::" + after.joined(separator: ":")
                    #expect(IPAddress(text)?.octets == octets(text), "\(text)")
                }
            }
        }
    }
}
