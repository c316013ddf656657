/// A command line, taken apart by pflag's rules and put together as swift-argument-parser wants it.
///
/// kubectl's users join, split and scatter flags (`-n x`, `-n=x`, `-nx`, `-Aw`, `--flag=false`, after positionals, `--`,
/// values that begin with `-`). What a flag is called and whether it takes a value comes from the declarations alone.
struct NormalisedArguments: Sendable, Equatable {
    /// Words of the command: `["explain", "pod"]`.
    var command: [String] = []
    /// `--name=value`, in order; of a flag that takes one value only the last.
    var flags: [String] = []
    var positionals: [String] = []
    /// `-h` or `--help` stood somewhere.
    var wantsHelp = false

    /// The line for swift-argument-parser. It takes `--name=value` for any value but an empty one, which stands alone.
    var arguments: [String] {
        command + flags.flatMap { $0.hasSuffix("=") && $0.firstIndex(of: "=") == $0.indices.last ? [String($0.dropLast()), ""] : [$0] }
            + ["--"] + positionals
    }
}

extension NormalisedArguments {
    init(_ arguments: [String], tree: CommandTree) throws(CommandError) {
        var reader = FlagReader(tree: tree, remaining: arguments[...])
        do throws(CommandError) {
            try reader.readAll()
        } catch {
            var failure = error
            failure.exitCode = CommandError.exitCode(of: reader.result.command)
            throw failure
        }
        self = reader.finish()
    }
}

/// pflag's loop over the words.
private struct FlagReader {
    let tree: CommandTree
    var remaining: ArraySlice<String>
    var result = NormalisedArguments()
    var path: [DeclaredCommand]
    var known: [DeclaredArgument]
    var seen: [(flag: DeclaredArgument, value: String)] = []

    init(tree: CommandTree, remaining: ArraySlice<String>) {
        self.tree = tree
        self.remaining = remaining
        path = [tree.root]
        known = tree.root.flagsOfLeaves
    }

    private var current: DeclaredCommand { path.last ?? tree.root }
    private var name: String { CommandName.of(result.command) }

    mutating func readAll() throws(CommandError) {
        while let word = remaining.popFirst() {
            if word == "--" {
                for word in remaining { try take(word: word) }
                break
            } else if word.hasPrefix("--") {
                try take(long: String(word.dropFirst(2)))
            } else if word.hasPrefix("-"), word.count > 1 {
                try take(shorts: word)
            } else {
                try take(word: word)
            }
        }
        if !result.wantsHelp { try checkDeclared() }
    }

    private mutating func take(word: String) throws(CommandError) {
        guard current.isGroup else { return result.positionals.append(word) }
        if let next = current.subcommand(named: word) { return descend(to: next) }
        // kubectl's way to name an object in one word: `explain pod/web`.
        if let slash = word.firstIndex(of: "/"), let next = current.subcommand(named: String(word[..<slash])), path.count > 1 {
            descend(to: next)
            return result.positionals.append(String(word[word.index(after: slash)...]))
        }
        throw .unknownCommand(word, of: name, among: current.children.filter(\.isVisible).map(\.commandName))
    }

    private mutating func descend(to next: DeclaredCommand) {
        path.append(next)
        result.command.append(next.commandName)
        known = next.flagsOfLeaves
    }

    private mutating func take(long text: String) throws(CommandError) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let name = parts.first, !name.isEmpty, !name.hasPrefix("-") else { throw usage("bad flag syntax: --\(text)") }
        guard let flag = known.first(where: { $0.longNames.contains(name) }) else {
            if name == "help" { return result.wantsHelp = parts.count == 1 || parts.last != "false" }
            throw usage("unknown flag: --\(name)")
        }
        if parts.count == 2, let value = parts.last { return try record(flag, value) }
        if let implied = flag.impliedValue { return try record(flag, implied) }
        if flag.hasOptionalValue {
            return try record(flag, remaining.first.map(DeclaredArgument.looksLikeEdit) == true ? remaining.removeFirst() : "")
        }
        guard let value = remaining.popFirst() else { throw usage("flag needs an argument: --\(name)") }
        try record(flag, value)
    }

    private mutating func take(shorts word: String) throws(CommandError) {
        var rest = word.dropFirst()
        while let letter = rest.popFirst() {
            guard let flag = known.first(where: { $0.shortName == String(letter) }) else {
                if letter == "h" { return result.wantsHelp = true }
                throw usage("unknown shorthand flag: '\(letter)' in -\(letter)\(rest)")
            }
            if rest.first == "=", rest.count > 1 || flag.impliedValue == nil { return try record(flag, String(rest.dropFirst())) }
            if let implied = flag.impliedValue {
                try record(flag, implied)
                continue
            }
            if !rest.isEmpty { return try record(flag, String(rest)) }
            guard let value = remaining.popFirst() else { throw usage("flag needs an argument: '\(letter)' in -\(letter)") }
            return try record(flag, value)
        }
    }

    private mutating func record(_ flag: DeclaredArgument, _ value: String) throws(CommandError) {
        guard flag.isSwitch else { return seen.append((flag, value)) }
        guard let isOn = Self.truth[value] else {
            let spelling = (flag.shortName.map { "-\($0), " } ?? "") + "--\(flag.longName)"
            throw usage("invalid argument \"\(value)\" for \"\(spelling)\" flag: strconv.ParseBool: parsing \"\(value)\": invalid syntax")
        }
        seen.append((flag, String(isOn)))
    }

    /// What Go's strconv.ParseBool takes.
    private static let truth: [String: Bool] = [
        "1": true, "t": true, "T": true, "true": true, "TRUE": true, "True": true,
        "0": false, "f": false, "F": false, "false": false, "FALSE": false, "False": false,
    ]

    /// A flag before the command's name was read by what any command declares; now the command is known.
    private func checkDeclared() throws(CommandError) {
        guard !current.isGroup else { return }
        for (flag, _) in seen where !current.flags.contains(where: { $0.longName == flag.longName }) {
            throw usage("unknown flag: --\(flag.longName)")
        }
        if !result.positionals.isEmpty, !(current.arguments ?? []).contains(where: { $0.kind == .positional }) {
            throw usage("unexpected args: [\(result.positionals.joined(separator: " "))]")
        }
    }

    private func usage(_ message: String) -> CommandError { .usage(message, of: name) }

    func finish() -> NormalisedArguments {
        var result = result
        for (index, entry) in seen.enumerated() {
            let isLast = !seen[(index + 1)...].contains { $0.flag.longName == entry.flag.longName }
            guard isLast || entry.flag.isRepeating == true else { continue }
            result.flags.append("--\(entry.flag.longName)=\(entry.value)")
        }
        return result
    }
}

/// The program's name as a user types it.
enum CommandName {
    static let program = "kubectl egress"

    static func of(_ words: [String]) -> String { ([program] + words).joined(separator: " ") }
}
