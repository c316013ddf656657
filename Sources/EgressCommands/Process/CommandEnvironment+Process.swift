import EgressPorts
import FoundationEssentials
import Glibc
import UnixSignals

extension CommandEnvironment {
    /// The streams, terminal, variables and resolver of this process.
    public static func ofProcess(_ adapters: CommandAdapters) -> CommandEnvironment {
        CommandEnvironment(
            standardOutput: { writeAll($0, to: STDOUT_FILENO) }, standardError: { writeAll($0, to: STDERR_FILENO) },
            standardInput: { try readAll(STDIN_FILENO) },
            terminal: Terminal(
                isInput: isatty(STDIN_FILENO) == 1, isOutput: isatty(STDOUT_FILENO) == 1, isError: isatty(STDERR_FILENO) == 1,
                width: terminalWidth(STDOUT_FILENO)),
            variables: ProcessInfo.processInfo.environment, clock: SystemClock(), adapters: adapters, resolveHost: resolveHostHere,
            untilInterrupted: interrupt)
    }
}

/// Takes SIGINT over, and ends with the first.
private func interrupt() async {
    for await _ in await UnixSignalsSequence(trapping: .sigint) { return }
}

/// Writes all of it; a reader that went away ends the process quietly, as 141 says to a shell.
private func writeAll(_ text: String, to descriptor: Int32) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
        let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if count > 0 {
            bytes = bytes.dropFirst(count)
        } else if count < 0, errno == EINTR {
            continue
        } else if count < 0, errno == EPIPE, descriptor == STDOUT_FILENO {
            exit(141)
        } else {
            return
        }
    }
}

private func readAll(_ descriptor: Int32) throws -> [UInt8] {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
        let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else { throw CommandError("standard input can't be read: \(String(cString: strerror(errno)))") }
        if count == 0 { return bytes }
        bytes += buffer[..<count]
    }
}

/// Columns of the terminal; `COLUMNS` where it doesn't say; `nil` when there is none.
private func terminalWidth(_ descriptor: Int32) -> Int? {
    guard isatty(descriptor) == 1 else { return nil }
    var size = winsize()
    if ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 { return Int(size.ws_col) }
    return ProcessInfo.processInfo.environment["COLUMNS"].flatMap { Int($0) } ?? 80
}

private struct SystemClock: WallClock {
    func secondsSinceEpoch() -> Int64 { Int64(time(nil)) }

    func sleep(seconds: Double) async throws {
        try await Task.sleep(for: .milliseconds(Int64(max(0, min(seconds, 1e9)) * 1000)))
    }
}
