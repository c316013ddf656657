import EgressPorts
import Glibc

/// The tunnel's tokens: 24 hexadecimal digits a line, the one to write first; readable by its owner alone.
///
/// Its content appears in no message.
struct TunnelTokenFile {
    static let tokenLength = 12
    static let tokenLimit = 16

    let path: String

    init(in folder: PrivateFolder) { path = folder.path + "/tunnel-token" }

    /// Makes the file on first use. Agents that race agree: the first one's file stays.
    func tokens() throws -> [[UInt8]] {
        if let tokens = try read() { return tokens }
        var generator = SystemRandomNumberGenerator()
        let token = (0..<Self.tokenLength).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        try AtomicFile.create(Array((Self.hex(token) + "\n").utf8), at: path, mode: 0o600)
        guard let tokens = try read() else { throw ClusterError("\(path) vanished while it was made") }
        return tokens
    }

    private func read() throws -> [[UInt8]]? {
        do {
            return try withFile(path, O_RDONLY | O_NOFOLLOW) { file in
                var status = stat()
                try SystemCall.check("can't examine \(path)") { fstat(file, &status) }
                guard status.st_mode & 0o077 == 0 else {
                    throw ClusterError("\(path) can be read by others than its owner", hint: "chmod 600 \(path), and write a new token")
                }
                return try parse(readAll(file, path: path, limit: 4096))
            }
        } catch let error as SystemError {
            if error.code == ENOENT { return nil }
            throw error.asClusterError()
        }
    }

    private func parse(_ bytes: [UInt8]) throws -> [[UInt8]] {
        let lines = bytes.split(separator: UInt8(ascii: "\n")).filter { !$0.isEmpty }
        let tokens = lines.compactMap(Self.token)
        guard !tokens.isEmpty, tokens.count == lines.count, tokens.count <= Self.tokenLimit else {
            throw ClusterError(
                "\(path) holds no tokens", hint: "1 to \(Self.tokenLimit) lines of \(2 * Self.tokenLength) hexadecimal digits")
        }
        return tokens
    }

    private static func token(_ line: ArraySlice<UInt8>) -> [UInt8]? {
        guard line.count == 2 * tokenLength else { return nil }
        let digits = line.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
        guard digits.count == line.count else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
