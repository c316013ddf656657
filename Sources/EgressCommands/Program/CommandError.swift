import EgressPorts

/// Why a command stopped: what a user reads on standard error, and the exit code.
///
/// Several problems are one error, a line each. `hint` lines say what to do next.
public struct CommandError: Error, Sendable, Hashable {
    /// Lines as printed, `error: ` or `Error from server (…): ` included.
    public var lines: [String]
    public var hints: [String]
    public var exitCode: Int32

    public init(lines: [String], hints: [String] = [], exitCode: Int32 = 1) {
        self.lines = lines
        self.hints = hints
        self.exitCode = exitCode
    }

    public init(_ message: String, hints: [String] = []) {
        self.init(lines: ["error: \(message)"], hints: hints)
    }
}

extension CommandError {
    /// What a command's errors end with: of `diff`, 1 says that there are differences, so errors are more (as with kubectl).
    static func exitCode(of command: [String]) -> Int32 { command == ["diff"] ? 2 : 1 }

    /// A command line that can't be read, in pflag's words.
    static func usage(_ message: String, of command: String) -> CommandError {
        CommandError(lines: ["error: \(message)", "See '\(command) --help' for usage."])
    }

    static func unknownCommand(_ word: String, of command: String, among names: [String]) -> CommandError {
        let meant = suggestions(for: word, among: names)
        let lines = meant.isEmpty ? [] : ["", "Did you mean this?"] + meant.map { "\t\($0)" } + [""]
        return CommandError(
            lines: ["error: unknown command \"\(word)\" for \"\(command)\""] + lines + ["Run '\(command) --help' for usage."])
    }

    /// In the API server's words.
    static func notFound(_ resource: String, _ name: String, hints: [String]) -> CommandError {
        CommandError(lines: ["Error from server (NotFound): \(resource) \"\(name)\" not found"], hints: hints)
    }

    /// What a store of the cluster's state said no to, and why.
    init(_ error: ClusterError) {
        let message = plainText(error.message)
        let spoken = error.voice == .verbatim ? message : "error: \(message)"
        let lines = error.findings.flatMap { manifestLines($0, as: "error") } + [spoken]
        self.init(lines: lines, hints: error.hint.map { $0.split(separator: "\n").map(String.init) } ?? [])
    }

    var text: String {
        let advice = hints.enumerated().map { index, hint in (index == 0 ? "hint:  " : "       ") + hint }
        return (lines + advice).map { $0 + "\n" }.joined()
    }
}
