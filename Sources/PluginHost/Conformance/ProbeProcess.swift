// SPDX-License-Identifier: Apache-2.0
import CEgressShims
import Glibc
import JSONText

/// How a process that tried a module went.
struct ProbeOutcome {
    enum End: Hashable {
        case done
        /// It ended by itself, before it was done.
        case exited(Int32)
        case signalled(Int32)
        case late(milliseconds: Int)
        case notStarted(String)
    }

    var end = End.done
    var messages: [ProbeMessage] = []
    /// What it did last.
    var step = "the start of its process"
    var saidDone = false
    /// On descriptor 3, by the module.
    var saidNonsense = false
    /// The beginning of what was printed on standard output, and on standard error.
    var output = ProbeText()
    var errors = ProbeText()
}

/// The beginning of a text that may be endless.
struct ProbeText {
    private(set) var bytes: [UInt8] = []
    private(set) var count = 0

    mutating func append(_ more: some Collection<UInt8>) {
        count += more.count
        bytes += more.prefix(max(0, 4096 - bytes.count))
    }

    var text: String { printable(String(decoding: bytes, as: UTF8.self)) }
}

/// Runs one check in a process of its own and follows it to its end, whatever that is.
struct ProbeProcess {
    private static let longestLine = 64 << 10
    private static let startMilliseconds = 20_000

    private var outcome = ProbeOutcome()
    private var deadline = ContinuousClock.now + .milliseconds(startMilliseconds)
    private var limit = startMilliseconds
    private var pending: [UInt8] = []
    private let task: ProbeTask

    /// `launcher`: the program, and arguments that come before ours.
    static func run(launcher: [String], module: String, task: ProbeTask) -> ProbeOutcome {
        var process = ProbeProcess(task: task)
        process.run(launcher + ["plugin-probe", module])
        return process.outcome
    }

    private init(task: ProbeTask) { self.task = task }

    private mutating func run(_ words: [String]) {
        var ends: [[Int32]] = []
        defer { ends.joined().forEach { close($0) } }
        for _ in 0..<3 {
            var pair: [Int32] = [-1, -1]
            guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &pair) == 0 else { return cannotStart() }
            ends.append(pair)
            _ = fcntl(pair[0], F_SETFL, O_NONBLOCK)
        }
        let input = egress_probe_file()
        guard input >= 0 else { return cannotStart() }
        defer { close(input) }
        guard Self.write(Array(task.json.text().utf8), to: input), lseek(input, 0, SEEK_SET) == 0 else { return cannotStart() }
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
        defer { arguments.forEach { free($0) } }
        arguments.append(nil)
        var pid: pid_t = 0
        guard let path = words.first else { return }
        let failure = egress_spawn(path, arguments, input, ends[1][1], ends[2][1], ends[0][1], &pid)
        guard failure == 0 else {
            errno = failure
            return cannotStart()
        }
        for position in ends.indices {
            close(ends[position][1])
            ends[position].removeLast()
        }
        follow(pid, report: ends[0][0], output: ends[1][0], errors: ends[2][0])
    }

    private mutating func cannotStart() { outcome.end = .notStarted(String(cString: strerror(errno))) }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}

extension ProbeProcess {
    private mutating func follow(_ pid: pid_t, report: Int32, output: Int32, errors: Int32) {
        var open: Set<Int32> = [report, output, errors]
        var isLate = false
        while !Self.hasEnded(pid), !isLate {
            var polled = open.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            // A process that closed everything is about to end.
            _ = poll(&polled, nfds_t(polled.count), open.isEmpty ? 1 : 50)
            for ready in polled where ready.revents != 0 && !drain(ready.fd, report, output) { open.remove(ready.fd) }
            isLate = ContinuousClock.now > deadline || outcome.saidNonsense
        }
        for descriptor in open { _ = drain(descriptor, report, output) }
        var exit = egress_exit()
        egress_reap(pid, 0, &exit)
        // What the module started is in the process's group.
        kill(-pid, SIGKILL)
        let signal = exit.status & 0x7F
        if isLate, exit.timed_out != 0 {
            outcome.end = .late(milliseconds: limit)
        } else if signal != 0 {
            outcome.end = .signalled(signal)
        } else if !outcome.saidDone || exit.status >> 8 & 0xFF != 0 {
            outcome.end = .exited(exit.status >> 8 & 0xFF)
        }
    }

    /// It stays a zombie, so that its id is nobody else's.
    private static func hasEnded(_ pid: pid_t) -> Bool {
        var info = siginfo_t()
        guard waitid(P_PID, id_t(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 else { return errno != EINTR }
        return info.si_signo != 0
    }

    /// Takes what there is; `false` at its end.
    private mutating func drain(_ descriptor: Int32, _ report: Int32, _ output: Int32) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        // Bounded: one that floods must not keep us from the clock.
        for _ in 0..<64 {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return count < 0 && errno == EAGAIN }
            if descriptor == report {
                take(buffer[..<count])
            } else if descriptor == output {
                outcome.output.append(buffer[..<count])
            } else {
                outcome.errors.append(buffer[..<count])
            }
        }
        return true
    }

    private mutating func take(_ bytes: ArraySlice<UInt8>) {
        pending += bytes
        while let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
            let line = pending[..<end]
            if let message = (try? JSONValue(parsing: line)).flatMap(ProbeMessage.init) {
                take(message)
            } else {
                outcome.saidNonsense = true
            }
            pending = Array(pending[(end + 1)...])
        }
        if pending.count > Self.longestLine { outcome.saidNonsense = true }
    }

    private mutating func take(_ message: ProbeMessage) {
        switch message {
        case .step(let what, let milliseconds):
            outcome.step = what
            allow(milliseconds)
        case .done:
            outcome.saidDone = true
            outcome.step = "the end of its process"
            allow(task.milliseconds)
        case .finding, .module, .skipped:
            if outcome.messages.count < 100 { outcome.messages.append(message) }
        }
    }

    private mutating func allow(_ milliseconds: Int) {
        limit = min(max(milliseconds, 1), 600_000)
        deadline = .now + .milliseconds(limit)
    }
}
