import ArgumentParser

/// Where in a command line the cursor is: which command, and what kind of word comes here.
struct CompletionPosition {
    enum Wanted {
        case subcommand
        case flag
        /// A flag's value; `prefix` is `--flag=` where both are one word.
        case value(DeclaredArgument, prefix: String)
        /// Counted from 0.
        case positional(Int)
        case nothing
    }

    /// From the root to the command.
    private(set) var path: [DeclaredCommand]
    /// Positionals before the cursor.
    private(set) var words: [String] = []
    /// Flags before the cursor that every command takes, as `--name=value`; of one that takes one value the last.
    private(set) var globalFlags: [String] = []
    private(set) var wanted = Wanted.nothing
    /// The part of the word at the cursor that candidates begin with.
    private(set) var typed: String

    private let root: DeclaredCommand
    var command: DeclaredCommand { path.last ?? root }

    /// Unknown words and flags are passed over: completion never complains.
    init(_ words: [String], tree: CommandTree) {
        root = tree.root
        path = [tree.root]
        typed = words.last ?? ""
        var pending: DeclaredArgument?
        var isPastFlags = false
        for word in words.dropLast() {
            if let flag = pending {
                note(flag, word)
                pending = nil
            } else if !isPastFlags, word == "--" {
                isPastFlags = true
            } else if !isPastFlags, word.hasPrefix("-"), word.count > 1 {
                pending = take(flagWord: word)
            } else if let next = command.subcommand(named: word) {
                path.append(next)
            } else {
                self.words.append(word)
            }
        }
        wanted = wantedHere(after: pending, isPastFlags: isPastFlags)
    }

    private mutating func wantedHere(after pending: DeclaredArgument?, isPastFlags: Bool) -> Wanted {
        if let pending { return .value(pending, prefix: "") }
        if !isPastFlags, typed.hasPrefix("-") {
            guard typed.hasPrefix("--"), let equals = typed.firstIndex(of: "=") else { return .flag }
            let name = String(typed[typed.index(typed.startIndex, offsetBy: 2)..<equals])
            guard let flag = flag(long: name) else { return .nothing }
            let prefix = String(typed[...equals])
            typed = String(typed[typed.index(after: equals)...])
            return .value(flag, prefix: prefix)
        }
        if command.isGroup { return words.isEmpty ? .subcommand : .nothing }
        return .positional(words.count)
    }

    private func flag(long name: String) -> DeclaredArgument? { command.flagsOfLeaves.first { $0.longNames.contains(name) } }

    /// The flag that the next word is the value of; `nil` when the word has it all.
    private mutating func take(flagWord word: String) -> DeclaredArgument? {
        if word.hasPrefix("--") {
            let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard let flag = flag(long: parts.first ?? "") else { return nil }
            if parts.count == 2 { note(flag, parts[1]) }
            if parts.count == 1, let implied = flag.impliedValue { note(flag, implied) }
            return parts.count == 2 || flag.impliedValue != nil || flag.hasOptionalValue ? nil : flag
        }
        var rest = word.dropFirst()
        while let letter = rest.popFirst() {
            guard let flag = command.flagsOfLeaves.first(where: { $0.shortName == String(letter) }) else { return nil }
            if let implied = flag.impliedValue {
                note(flag, implied)
                continue
            }
            if rest.isEmpty { return flag }
            note(flag, String(rest.first == "=" ? rest.dropFirst() : rest))
            return nil
        }
        return nil
    }

    private mutating func note(_ flag: DeclaredArgument, _ value: String) {
        // swift-argument-parser takes no empty value after `=`; an empty one means what no flag means.
        guard flag.isGlobal else { return }
        if flag.isRepeating != true { globalFlags.removeAll { $0.hasPrefix("--\(flag.longName)=") } }
        if !value.isEmpty { globalFlags.append("--\(flag.longName)=\(value)") }
    }

    /// The global options as typed so far; without those that make no sense.
    var options: GlobalOptions { (try? GlobalOptions.parse(globalFlags)) ?? GlobalOptions() }
}
