import EgressPorts
import Glibc

/// The one gate to the system's calls: interrupted calls are made again, errors become sentences.
enum SystemCall {
    /// Makes the call until it isn't interrupted; throws for a negative result.
    @discardableResult
    static func check<Number: FixedWidthInteger & SignedInteger>(
        _ what: @autoclosure () -> String, _ call: () -> Number
    ) throws -> Number {
        while true {
            let result = call()
            if result >= 0 { return result }
            let code = errno
            if code != EINTR { throw SystemError(code: code, what: what()) }
        }
    }
}

struct SystemError: Error, CustomStringConvertible {
    let code: Int32
    /// What was tried: `can't open /etc/x`.
    let what: String

    var description: String { "\(what): \(String(cString: strerror(code)))" }

    func asClusterError(hint: String? = nil) -> ClusterError { ClusterError(description, hint: hint) }
}

/// An open file that is closed with the scope that made it.
func withFile<Result>(
    _ path: String, _ flags: Int32, mode: mode_t = 0, _ body: (Int32) throws -> Result
) throws -> Result {
    let file = try SystemCall.check("can't open \(path)") { open(path, flags | O_CLOEXEC, mode) }
    defer { close(file) }
    return try body(file)
}

/// Reads to the end, at most `limit` bytes.
func readAll(_ file: Int32, path: String, limit: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(min(size(of: file), limit))
    var buffer = [UInt8](repeating: 0, count: 1 << 18)
    while true {
        let count = try SystemCall.check("can't read \(path)") { read(file, &buffer, buffer.count) }
        if count == 0 { return bytes }
        bytes += buffer[..<count]
        guard bytes.count <= limit else { throw ClusterError("\(path) is longer than \(limit) bytes") }
    }
}

/// Of a plain file, as far as it is known; 0 for anything else.
private func size(of file: Int32) -> Int {
    var status = stat()
    return fstat(file, &status) == 0 && status.st_mode & S_IFMT == S_IFREG ? max(Int(status.st_size), 0) : 0
}

func writeAll(_ bytes: [UInt8], to file: Int32, path: String) throws {
    try bytes.withUnsafeBytes { content in
        var written = 0
        while written < content.count {
            let rest = UnsafeRawBufferPointer(rebasing: content[written...])
            written += try SystemCall.check("can't write \(path)") { write(file, rest.baseAddress, rest.count) }
        }
    }
}
