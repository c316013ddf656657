// SPDX-License-Identifier: Apache-2.0
import CEgressShims
import EgressPlan
import Glibc
import JSONText

/// The process of one module. Calls block; one caller at a time. Ends with the object.
final class ModuleProcess {
    /// Why the process is of no more use.
    struct Broken: Error {
        var reason: String
    }

    enum CallError: Error {
        /// The module's own answer; the process is fine.
        case answered(HelperError)
        case broken(Broken)
    }

    private let pid: pid_t
    private let socket: Int32
    private var output: ModuleOutput
    private var pending: [UInt8] = []
    private var lastID: Int64 = 0
    private var isReaped = false

    init(launcher: [String], module: String, log: @escaping ModuleOutput.Log) throws(Broken) {
        let words = launcher + ["plugin-host", module]
        var sockets: [Int32] = [-1, -1]
        var pipes: [Int32] = [-1, -1]
        var pid: pid_t = 0
        let nothing = open("/dev/null", O_RDONLY | O_CLOEXEC)
        defer { [nothing, sockets[1], pipes[1]].filter { $0 >= 0 }.forEach { close($0) } }
        let isReady =
            nothing >= 0 && socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &sockets) == 0
            && socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0, &pipes) == 0
        var failure = isReady ? 0 : errno
        if isReady, let path = launcher.first {
            var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
            defer { arguments.forEach { free($0) } }
            arguments.append(nil)
            failure = egress_spawn(path, arguments, nothing, pipes[1], pipes[1], sockets[1], &pid)
        }
        guard failure == 0, pid > 0 else {
            [sockets[0], pipes[0]].filter { $0 >= 0 }.forEach { close($0) }
            throw Broken(reason: "its process can't be started: \(String(cString: strerror(failure)))")
        }
        self.pid = pid
        socket = sockets[0]
        output = ModuleOutput(descriptor: pipes[0], log: log)
    }

    deinit {
        _ = end(grace: 0)
        close(socket)
    }

    /// The result of one request; on `broken` the caller lets go of this process.
    func call(_ method: Exchange.Method, _ fields: [(String, JSONValue)], within limit: Duration) throws(CallError) -> JSONValue {
        let deadline = ContinuousClock.now + limit
        lastID += 1
        output.startCall()
        let request = JSONValue.object(JSONObject([("id", .integer(lastID)), ("method", .string(method.rawValue))] + fields))
        let answer: JSONValue
        do throws(Broken) {
            try write(Exchange.line(request), until: deadline, limit)
            answer = try Self.parsed(try readLine(until: deadline, limit), id: lastID)
        } catch {
            output.drain()
            throw .broken(error)
        }
        output.drain()
        if let error = answer["error"] {
            throw .answered(
                HelperError(
                    code: error["code"]?.stringValue ?? "plugin_failed", message: printable(error["message"]?.stringValue ?? "no reason")))
        }
        guard let result = answer["result"] else { throw .broken(Broken(reason: "its process answered neither a result nor an error")) }
        return result
    }

    private static func parsed(_ line: ArraySlice<UInt8>, id: Int64) throws(Broken) -> JSONValue {
        let answer: JSONValue
        do throws(JSONError) {
            answer = try JSONValue(parsing: line)
        } catch {
            throw Broken(reason: "its process answered nonsense: \(printable(error.message))")
        }
        guard answer["id"] == .integer(id) else { throw Broken(reason: "its process answered another question") }
        return answer
    }
}

extension ModuleProcess {
    private func write(_ bytes: [UInt8], until deadline: ContinuousClock.Instant, _ limit: Duration) throws(Broken) {
        var rest = bytes[...]
        while !rest.isEmpty {
            try wait(for: POLLOUT, until: deadline, limit)
            let count = rest.withUnsafeBytes { send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT)) }
            if count > 0 { rest = rest.dropFirst(count) } else if errno != EAGAIN, errno != EINTR { throw ended() }
        }
    }

    private func readLine(until deadline: ContinuousClock.Instant, _ limit: Duration) throws(Broken) -> ArraySlice<UInt8> {
        var buffer = [UInt8](repeating: 0, count: 32 << 10)
        while true {
            if let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
                let line = pending[..<end]
                pending = Array(pending[(end + 1)...])
                guard pending.isEmpty else { throw Broken(reason: "its process said more than it was asked") }
                return line
            }
            guard pending.count <= Exchange.longestAnswerLine else {
                throw Broken(reason: "its process answered more than \(Exchange.longestAnswerLine) bytes")
            }
            try wait(for: POLLIN, until: deadline, limit)
            let count = recv(socket, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            if count == 0 { throw ended() }
            if count > 0 { pending += buffer[..<count] } else if errno != EAGAIN, errno != EINTR { throw ended() }
        }
    }

    /// Until the socket is ready; meanwhile what the module prints goes to the log.
    private func wait(for event: Int32, until deadline: ContinuousClock.Instant, _ limit: Duration) throws(Broken) {
        while true {
            let left = deadline - .now
            guard left > .zero else { throw Broken(reason: "did not answer within \(limit)") }
            let milliseconds = Int32(clamping: left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000 + 1)
            var polled = [pollfd(fd: socket, events: Int16(event), revents: 0)]
            if output.isOpen { polled.append(pollfd(fd: output.descriptor, events: Int16(POLLIN), revents: 0)) }
            guard poll(&polled, nfds_t(polled.count), milliseconds) > 0 else { continue }
            if polled.count > 1, polled[1].revents != 0 { output.drain() }
            if polled[0].revents != 0 { return }
        }
    }

    private func ended() -> Broken {
        Broken(reason: end(grace: 500) ?? "its process closed the connection")
    }

    /// Kills the process unless it ends by itself within so many milliseconds; how it ended, when it did.
    private func end(grace: Int32) -> String? {
        guard !isReaped else { return nil }
        isReaped = true
        var exit = egress_exit()
        egress_reap(pid, grace, &exit)
        guard exit.timed_out == 0 else { return nil }
        let signal = exit.status & 0x7F
        return signal != 0 ? "crashed: \(String(cString: strsignal(signal)))" : "its process ended with status \(exit.status >> 8 & 0xFF)"
    }
}
