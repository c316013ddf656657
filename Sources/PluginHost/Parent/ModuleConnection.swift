// SPDX-License-Identifier: Apache-2.0
import EgressPlan
import Glibc
import JSONText

/// The helper's end of the socket to a module's process: one question, then its answer, before a deadline.
///
/// Nothing that comes in is believed: the process has the module in it. Calls block; one caller at a time.
final class ModuleConnection {
    /// Why the other end is of no more use.
    struct Broken: Error, Hashable {
        var reason: String
        /// The other end was closed, so the process has ended or will.
        var isEnd = false
    }

    enum CallError: Error, Hashable {
        /// The module's own answer; the process is fine.
        case answered(HelperError)
        case broken(Broken)
    }

    /// How many the process had open after its last answer, as it says.
    private(set) var descriptors = 0
    private let socket: Int32
    private var output: ModuleOutput
    private var pending: [UInt8] = []
    private var lastID: Int64 = 0

    /// Both descriptors are the connection's from now on.
    init(socket: Int32, output: Int32, log: @escaping ModuleOutput.Log) {
        self.socket = socket
        self.output = ModuleOutput(descriptor: output, log: log)
    }

    deinit { close(socket) }

    /// The result of one request; on `broken` the caller lets go of the connection.
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
        if case .integer(let count)? = answer["descriptors"] { descriptors = Int(clamping: count) }
        if let error = answer["error"] {
            throw .answered(
                HelperError(
                    code: printable(error["code"]?.stringValue ?? "plugin_failed"),
                    message: printable(error["message"]?.stringValue ?? "no reason")))
        }
        guard let result = answer["result"] else { throw .broken(Broken(reason: "its process answered neither a result nor an error")) }
        return result
    }

    /// What is wrong with it although nothing was asked.
    func trouble() -> Broken? {
        var polled = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        guard poll(&polled, 1, 0) > 0 else { return nil }
        if Int32(polled.revents) & (POLLHUP | POLLERR) != 0 { return Self.ended }
        return Broken(reason: "its process spoke without being asked")
    }

    private static let ended = Broken(reason: "its process closed the connection", isEnd: true)

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

extension ModuleConnection {
    private func write(_ bytes: [UInt8], until deadline: ContinuousClock.Instant, _ limit: Duration) throws(Broken) {
        var rest = bytes[...]
        while !rest.isEmpty {
            try wait(for: POLLOUT, until: deadline, limit)
            let count = rest.withUnsafeBytes { send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT)) }
            if count > 0 { rest = rest.dropFirst(count) } else if errno != EAGAIN, errno != EINTR { throw Self.ended }
        }
    }

    private func readLine(until deadline: ContinuousClock.Instant, _ limit: Duration) throws(Broken) -> ArraySlice<UInt8> {
        var buffer = [UInt8](repeating: 0, count: 32 << 10)
        // Bytes that were looked through, so that a line in a thousand pieces is no thousand times the work.
        var seen = 0
        while true {
            if let end = pending[seen...].firstIndex(of: UInt8(ascii: "\n")) {
                let line = pending[..<end]
                pending = Array(pending[(end + 1)...])
                guard pending.isEmpty else { throw Broken(reason: "its process said more than it was asked") }
                return line
            }
            seen = pending.count
            guard seen <= Exchange.longestAnswerLine else {
                throw Broken(reason: "its process answered more than \(Exchange.longestAnswerLine) bytes")
            }
            try wait(for: POLLIN, until: deadline, limit)
            let count = recv(socket, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            if count == 0 { throw Self.ended }
            if count > 0 { pending += buffer[..<count] } else if errno != EAGAIN, errno != EINTR { throw Self.ended }
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
}
