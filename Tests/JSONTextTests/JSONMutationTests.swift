import JSONText
import TestRandom
import Testing

@Suite struct JSONMutationTests {
    private static let seedText = #"{"a":[1,-2.5e3,true,null],"b":{"c":"x\u00e9\ud83d\ude00\\","c2":{}},"d":18446744073709551615}"#

    @Test func `changed bytes are read or refused, and what is read stays itself`() throws {
        var random = SeededRandom(seed: 1)
        let alphabet = Array("{}[]\",:\\u0dD8e+-.19atn \n\0\u{7F}".utf8) + [0x80, 0xC3, 0xFF]
        var good = 0
        for _ in 0..<6000 {
            var bytes = Array(Self.seedText.utf8)
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let position = Int.random(in: 0..<bytes.count, using: &random)
                let byte = alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[position] = byte
                case 1: bytes.insert(byte, at: position)
                default: bytes.removeSubrange(position..<min(bytes.count, position + 3))
                }
            }
            guard let value = try? JSONValue(parsing: bytes) else { continue }
            good += 1
            #expect(try JSONValue(parsing: value.text()) == value)
        }
        #expect(good > 50)
    }

    @Test func `random bytes never trap`() {
        var random = SeededRandom(seed: 2)
        for _ in 0..<3000 {
            let bytes = (0..<Int.random(in: 0..<64, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
            _ = try? JSONValue(parsing: bytes)
        }
    }
}
