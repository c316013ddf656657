// SPDX-License-Identifier: Apache-2.0
import CEgressShims
import EgressPlan
import Glibc
import JSONText

/// The process of one module. Calls block; one caller at a time. Ends with the object, or with the thread that made it.
final class ModuleProcess {
    typealias Broken = ModuleConnection.Broken
    typealias CallError = ModuleConnection.CallError

    private let pid: pid_t
    private let connection: ModuleConnection
    private var isReaped = false

    /// How many descriptors it had open after its last answer.
    var descriptors: Int { connection.descriptors }

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
        connection = ModuleConnection(socket: sockets[0], output: pipes[0], log: log)
    }

    deinit { _ = end(grace: 0) }

    /// The result of one request; on `broken` the caller lets go of this process.
    func call(_ method: Exchange.Method, _ fields: [(String, JSONValue)], within limit: Duration) throws(CallError) -> JSONValue {
        do throws(CallError) {
            return try connection.call(method, fields, within: limit)
        } catch {
            guard case .broken(let broken) = error, broken.isEnd else { throw error }
            throw .broken(ended(broken))
        }
    }

    /// What happened to it since the last call.
    func trouble() -> Broken? {
        connection.trouble().map { $0.isEnd ? ended($0) : $0 }
    }

    private func ended(_ broken: Broken) -> Broken {
        Broken(reason: end(grace: 500) ?? broken.reason, isEnd: true)
    }

    /// Kills the process unless it ends by itself within so many milliseconds, and what it may have made; how it ended,
    /// when it did by itself.
    private func end(grace: Int32) -> String? {
        guard !isReaped else { return nil }
        isReaped = true
        var exit = egress_exit()
        egress_reap_group(pid, grace, &exit)
        guard exit.timed_out == 0 else { return nil }
        let signal = exit.status & 0x7F
        return signal != 0 ? "crashed: \(String(cString: strsignal(signal)))" : "its process ended with status \(exit.status >> 8 & 0xFF)"
    }
}
