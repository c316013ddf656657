import ArgumentParser
import FoundationEssentials

/// What the commands declare of themselves, read back from swift-argument-parser: the one table that parsing, help
/// and completion go by.
struct CommandTree: Sendable {
    let root: DeclaredCommand

    /// Of `kubectl egress`, read once.
    static let egress = Result { try CommandTree(EgressCommand.self) }

    /// The declarations of a command and everything below it.
    init(_ command: any ParsableCommand.Type) throws {
        let text = command._dumpHelp()
        root = try JSONDecoder().decode(DeclaredTool.self, from: Data(text.utf8)).command
    }

    /// The commands from the root down to the one that these words name; the root alone for no words.
    func path(_ words: [String]) -> [DeclaredCommand] {
        words.reduce(into: [root]) { path, word in
            if let next = path.last?.subcommand(named: word) { path.append(next) }
        }
    }
}

private struct DeclaredTool: Decodable {
    let command: DeclaredCommand
}

/// One command as declared.
struct DeclaredCommand: Decodable, Sendable {
    let commandName: String
    let shouldDisplay: Bool?
    let aliases: [String]?
    let abstract: String?
    let discussion: String?
    let subcommands: [DeclaredCommand]?
    let arguments: [DeclaredArgument]?

    /// Subcommands, each name once: swift-argument-parser adds a `help` of its own at the end.
    var children: [DeclaredCommand] {
        var seen: Set<String> = []
        return (subcommands ?? []).filter { seen.insert($0.commandName).inserted && ($0.commandName != "help" || $0.discussion != nil) }
    }
    var isGroup: Bool { !children.isEmpty }
    var isVisible: Bool { shouldDisplay ?? true }

    /// Options and flags of this command, `--help` aside.
    var flags: [DeclaredArgument] { (arguments ?? []).filter { $0.kind != .positional && !$0.longNames.contains("help") } }

    func subcommand(named word: String) -> DeclaredCommand? {
        children.first { $0.commandName == word || ($0.aliases ?? []).contains(word) }
    }

    /// Flags that this command or one below it takes, the first declaration of a name winning.
    var flagsOfLeaves: [DeclaredArgument] {
        isGroup ? children.flatMap(\.flagsOfLeaves) : flags
    }
}

/// One option or positional as declared.
struct DeclaredArgument: Decodable, Sendable {
    enum Kind: String, Decodable, Sendable {
        case positional
        case option
        case flag
    }

    struct Name: Decodable, Sendable {
        enum Kind: String, Decodable, Sendable {
            case long
            case short
            case longWithSingleDash
        }

        let kind: Kind
        let name: String
    }

    let kind: Kind
    let shouldDisplay: Bool?
    let sectionTitle: String?
    let isRepeating: Bool?
    let names: [Name]?
    let valueName: String?
    let defaultValue: String?
    let abstract: String?
    private let completionKind: CompletionKind?

    /// Only the declared list of words matters here.
    private struct CompletionKind: Decodable, Sendable {
        struct Words: Decodable, Sendable {
            let values: [String]?
        }

        let list: Words?
    }

    var completionWords: [String]? { completionKind?.list?.values }

    var longNames: [String] { (names ?? []).filter { $0.kind == .long }.map(\.name) }
    var shortName: String? { (names ?? []).first { $0.kind == .short }?.name }
    /// The name that errors and help use.
    var longName: String { longNames.first ?? shortName ?? "" }
    var isGlobal: Bool { sectionTitle == GlobalOptions.sectionTitle }

    /// What the option means where it stands without a value: declared as a value name such as `[=true]`.
    ///
    /// pflag calls it NoOptDefVal. Such an option takes a value only after `=`.
    var impliedValue: String? {
        guard let valueName, valueName.hasPrefix("[="), valueName.hasSuffix("]") else { return nil }
        return String(valueName.dropFirst(2).dropLast())
    }

    var isSwitch: Bool { impliedValue == "true" }

    /// An option that may stand alone, and takes the next word only where that looks like its value: declared as a value name
    /// such as `[label=value]`. Alone its value is empty.
    var hasOptionalValue: Bool {
        guard let valueName else { return false }
        return valueName.hasPrefix("[") && valueName.hasSuffix("]") && !valueName.hasPrefix("[=") && kind == .option
    }

    /// `key=value` or `key-`: no name of an object looks like either.
    static func looksLikeEdit(_ word: String) -> Bool { !word.hasPrefix("-") && (word.contains("=") || word.hasSuffix("-")) }
}
