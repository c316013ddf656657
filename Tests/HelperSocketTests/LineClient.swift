import Dispatch
import EgressWire
import Glibc
import JSONText
import Synchronization

/// A client without any of our client's code: bytes in, bytes out. It blocks on a queue of its own, never on a test's thread.
final class LineClient: Sendable {
    private let socket: CInt
    private let queue = DispatchQueue(label: "line-client")
    private let buffer = Mutex<[UInt8]>([])

    /// Connects and takes the first line.
    init(path: String, receiveBuffer: CInt? = nil) throws {
        socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
        guard result == 0 else { throw TestFailure("connect: \(errno)") }
        var timeout = timeval(tv_sec: 120, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(socket) }

    static func afterHello(_ path: String) async throws -> LineClient {
        let client = try LineClient(path: path)
        guard try await client.line()?.contains("\"hello\"") == true else { throw TestFailure("no hello") }
        return client
    }

    /// True when everything was written; false when the other end closed before.
    @discardableResult
    func send(_ bytes: [UInt8]) async -> Bool {
        await onQueue { [socket] in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
                guard count > 0 else { return false }
                rest = rest.dropFirst(count)
            }
            return true
        }
    }

    @discardableResult
    func send(_ text: String) async -> Bool { await send(Array(text.utf8)) }

    func endInput() { shutdown(socket, Int32(SHUT_WR)) }

    /// The next line without its `\n`; `nil` at the end of the connection. Throws when nothing comes for 120 s.
    func line() async throws -> String? {
        try await onQueue { [self] in
            var chunk = [UInt8](repeating: 0, count: 64 << 10)
            while true {
                let found: String? = buffer.withLock { buffer in
                    guard let newline = buffer.firstIndex(of: 10) else { return nil }
                    defer { buffer.removeFirst(newline + 1) }
                    return String(decoding: buffer[..<newline], as: UTF8.self)
                }
                if let found { return .success(found) }
                let count = recv(socket, &chunk, chunk.count, 0)
                if count < 0, errno == EAGAIN { return .failure(TestFailure("nothing came for 120 s")) }
                guard count > 0 else { return .success(nil) }
                buffer.withLock { $0 += chunk[..<count] }
            }
        }.get()
    }

    func json() async throws -> JSONValue? { try await line().map { try JSONValue(parsing: $0) } }

    private func onQueue<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in queue.async { continuation.resume(returning: body()) } }
    }

    private func onQueue(_ body: @escaping @Sendable () -> Swift.Result<String?, TestFailure>) async throws
        -> Swift.Result<String?, TestFailure>
    {
        await withCheckedContinuation { continuation in queue.async { continuation.resume(returning: body()) } }
    }
}
