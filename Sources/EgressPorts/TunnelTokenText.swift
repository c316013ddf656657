/// Tokens of the tunnel as a file or a Secret holds them: 24 hexadecimal digits a line, the token to write first.
public enum TunnelTokenText {
    /// Octets of a token.
    public static let tokenLength = 12
    public static let tokenLimit = 16

    /// What a good text is, for an error: `1 to 16 lines of 24 hexadecimal digits`.
    public static let form = "1 to \(tokenLimit) lines of \(2 * tokenLength) hexadecimal digits"

    /// One line for a token that nobody can guess.
    public static func new() -> String {
        var generator = SystemRandomNumberGenerator()
        let token = (0..<tokenLength).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        return token.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() + "\n"
    }

    /// `nil` when a line is something else, or there is none; empty lines don't count.
    public static func parse(_ text: some Sequence<UInt8>) -> [[UInt8]]? {
        let lines = Array(text).split(separator: UInt8(ascii: "\n"))
        let tokens = lines.compactMap(token)
        guard !tokens.isEmpty, tokens.count == lines.count, tokens.count <= tokenLimit else { return nil }
        return tokens
    }

    private static func token(_ line: ArraySlice<UInt8>) -> [UInt8]? {
        guard line.count == 2 * tokenLength else { return nil }
        let digits = line.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
        guard digits.count == line.count else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}
