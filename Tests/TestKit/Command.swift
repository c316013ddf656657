import Glibc

/// How a program ended, and what it said.
public struct CommandOutcome: Sendable {
    /// As a shell counts: the exit code, or 128 and the signal's number.
    public let status: Int32
    public let output: String
    public let errors: String

    public var succeeded: Bool { status == 0 }
}

/// Runs programs from the calling thread, and so in its namespaces.
///
/// What they say goes to files rather than pipes: no side can wait for the other, and a child that a program leaves
/// behind holds nothing open.
public enum Command {
    /// Returns what it wrote to stdout; throws with what it wrote to stderr when it fails.
    @discardableResult
    public static func run(_ arguments: [String], input: String = "") throws -> String {
        let outcome = try outcome(arguments, input: input)
        guard outcome.succeeded else { throw TestKitError("\(arguments.joined(separator: " ")): \(outcome.errors)") }
        return outcome.output
    }

    /// Runs a program to its end, whatever that is.
    ///
    /// - Parameters:
    ///   - arguments: the program, found on PATH, and its arguments.
    ///   - input: what it reads from stdin.
    ///   - environment: what is set besides the test's own environment.
    public static func outcome(_ arguments: [String], input: String = "", environment: [String: String] = [:]) throws -> CommandOutcome {
        try start(arguments, input: input, environment: environment).finish()
    }

    /// Starts a program that goes on beside the test.
    public static func start(_ arguments: [String], input: String = "", environment: [String: String] = [:]) throws -> RunningCommand {
        try RunningCommand(arguments, input: input, environment: environment)
    }
}

/// A program of ours that runs; it is ended by its id, at the latest when nobody holds it any more.
public final class RunningCommand {
    private let name: String
    private let process: pid_t
    private let output: CommandFile
    private let errors: CommandFile
    private var status: Int32?

    fileprivate init(_ arguments: [String], input: String, environment: [String: String]) throws {
        let given = try CommandFile(input)
        (output, errors) = (try CommandFile(""), try CommandFile(""))
        name = arguments.joined(separator: " ")
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (number, file) in [given, output, errors].enumerated() {
            posix_spawn_file_actions_adddup2(&actions, file.descriptor, Int32(number))
        }
        // A test runs on a thread that blocks signals, and a child inherits that: it could not be ended.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var process = pid_t()
        let words = CStrings(arguments)
        let settings = CStrings(Self.environment(with: environment))
        guard let program = words.pointers.first ?? nil else { throw TestKitError("no program to run") }
        let result = posix_spawnp(&process, program, &actions, &attributes, words.pointers, settings.pointers)
        guard result == 0 else { throw TestKitError("\(name) can't be started: \(String(cString: strerror(result)))") }
        self.process = process
    }

    /// What it wrote to stdout so far.
    public var said: String { output.text }

    /// Waits until it said a word on stdout, for at most ten seconds.
    public func wait(for word: String) throws {
        for _ in 0..<1000 {
            if said.contains(word) { return }
            guard !poll() else { break }
            usleep(10_000)
        }
        guard said.contains(word) else { throw TestKitError("\(name) didn't say \"\(word)\": \(said)\(errors.text)") }
    }

    /// Waits for its end.
    public func finish() -> CommandOutcome {
        var raw: Int32 = 0
        while status == nil {
            if waitpid(process, &raw, 0) == process { status = Self.code(raw) } else if errno != EINTR { status = 127 }
        }
        return CommandOutcome(status: status ?? 127, output: output.text, errors: errors.text)
    }

    /// Sends it a signal, and doesn't wait.
    public func signal(_ number: Int32) {
        if !poll() { kill(process, number) }
    }

    /// Ends it if it still runs.
    public func stop() {
        guard !poll() else { return }
        kill(process, SIGTERM)
        _ = finish()
    }

    deinit { stop() }

    private func poll() -> Bool {
        if status != nil { return true }
        var raw: Int32 = 0
        guard waitpid(process, &raw, WNOHANG) == process else { return false }
        status = Self.code(raw)
        return true
    }

    private static func code(_ raw: Int32) -> Int32 {
        raw & 0x7f == 0 ? (raw >> 8) & 0xff : 128 + (raw & 0x7f)
    }

    private static func environment(with settings: [String: String]) -> [String] {
        var own: [String] = []
        var next = environ
        while let word = next.pointee {
            own.append(String(cString: word))
            next = next.advanced(by: 1)
        }
        return own.filter { line in !settings.keys.contains { line.hasPrefix("\($0)=") } } + settings.map { "\($0.key)=\($0.value)" }
    }
}

/// A nameless file that a program reads from or writes to.
private final class CommandFile {
    private let file: UnsafeMutablePointer<FILE>

    var descriptor: Int32 { fileno(file) }

    init(_ text: String) throws {
        guard let file = tmpfile() else { throw TestKitError("no temporary file: \(String(cString: strerror(errno)))") }
        self.file = file
        fputs(text, file)
        fflush(file)
        lseek(fileno(file), 0, SEEK_SET)
    }

    deinit { fclose(file) }

    /// Everything in it; the place where the program writes next isn't moved.
    var text: String {
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = pread(descriptor, &part, part.count, off_t(bytes.count))
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += part[..<count]
        }
    }
}

/// Strings as C wants them: an array of pointers that ends with NULL.
private final class CStrings {
    let pointers: [UnsafeMutablePointer<CChar>?]

    init(_ strings: [String]) {
        pointers = strings.map { strdup($0) } + [nil]
    }

    deinit { for pointer in pointers { free(pointer) } }
}
