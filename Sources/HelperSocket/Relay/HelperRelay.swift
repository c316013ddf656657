import EgressPlan
import EgressWire
import Glibc
import JSONText

/// Joins two streams of bytes to the helper's socket, and lets only reading methods through: `egress-helper ipc`.
///
/// Who may exec into the helper's container may look and not change. A request goes on as it was understood here, not as
/// it was written, so that the helper can't read something else into it. Blocking; made for a process of its own.
public struct HelperRelay: Sendable {
    let path: String

    public init(path: String = HelperSocketPath.standard) {
        self.path = path
    }

    /// Returns when the helper closes; after the end of `input` that is when everything was answered.
    public func run(input: CInt, output: CInt) throws {
        // A side that goes away is an error of `write`, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        let helper = try connected()
        defer { close(helper) }
        var requests = LineSplitter(limit: WireLimits.line)
        var readsInput = true
        // The helper speaks first, also before the relay's own answers.
        var isGreeted = false
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            var ready = [
                pollfd(fd: helper, events: Int16(POLLIN), revents: 0),
                pollfd(fd: readsInput && isGreeted ? input : -1, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&ready, 2, -1) >= 0 || errno == EINTR else { throw failure("wait for input", errno) }
            if ready[0].revents != 0 {
                let count = try read(helper, &chunk, "the helper")
                guard count > 0 else { return }
                try write(chunk[..<count], to: output)
                isGreeted = isGreeted || chunk[..<count].contains(UInt8(ascii: "\n"))
            }
            if ready[1].revents != 0 {
                let count = try read(input, &chunk, "the input")
                requests.append(chunk[..<count])
                readsInput = try forward(&requests, to: helper, answers: output) && count > 0
                if !readsInput { shutdown(helper, Int32(SHUT_WR)) }
            }
        }
    }

    /// False when a line was broken: nothing after it is read.
    private func forward(_ requests: inout LineSplitter, to helper: CInt, answers output: CInt) throws -> Bool {
        do {
            while let line = try requests.next() {
                switch Self.judge(line) {
                case .forward(let bytes): try write(bytes, to: helper)
                case .answer(let reply): try write(reply.line, to: output)
                case .ignore: break
                case .refuse(let reply):
                    try write(reply.line, to: output)
                    return false
                }
            }
            return true
        } catch let error as LineTooLong {
            try write(HelperReply.failure(id: nil, .lineTooLong(limit: error.limit)).line, to: output)
            return false
        }
    }

    enum Verdict: Hashable {
        case forward([UInt8])
        case answer(HelperReply)
        case ignore
        case refuse(HelperReply)
    }

    static func judge(_ line: [UInt8]) -> Verdict {
        let request: HelperRequest
        do throws(HelperRequestFault) {
            request = try HelperRequest(line: line)
        } catch {
            let reply = HelperReply.failure(id: error.id, error.error)
            if error.endsConnection { return .refuse(reply) }
            return error.isAnswered ? .answer(reply) : .ignore
        }
        guard let method = HelperMethod(rawValue: request.method) else {
            return request.id.map { .answer(.failure(id: $0, .unknownMethod(request.method))) } ?? .ignore
        }
        guard !method.changes else {
            let error = HelperError.forbidden(
                "\(request.method) doesn't go through `egress-helper ipc`",
                hint: "change the policy in the cluster; the node's agent applies it")
            return request.id.map { .answer(.failure(id: $0, error)) } ?? .ignore
        }
        return .forward(request.line)
    }

    private func connected() throws -> CInt {
        let helper = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard helper >= 0 else { throw failure("open a socket", errno) }
        do {
            let code = try withSocketAddress(path) { connect(helper, $0, $1) == 0 ? 0 : errno }
            guard code == 0 else { throw HelperError.unreachable(path, errno: code) }
            return helper
        } catch {
            close(helper)
            throw error
        }
    }

    /// 0 at the end of the stream.
    private func read(_ descriptor: CInt, _ chunk: inout [UInt8], _ what: String) throws -> Int {
        while true {
            let count = chunk.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 { return count }
            if errno == ECONNRESET { return 0 }
            guard errno == EINTR else { throw failure("read from \(what)", errno) }
        }
    }

    private func write(_ bytes: some Collection<UInt8>, to descriptor: CInt) throws {
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count >= 0 || errno == EINTR else { throw failure("write", errno) }
            rest = rest.dropFirst(max(0, count))
        }
    }

    private func failure(_ what: String, _ code: CInt) -> HelperError {
        HelperError(code: "unreachable", message: "the relay to \(path) can't \(what): \(errnoText(code))")
    }
}
