/// A command's help in kubectl's order: what it does, examples, commands or options, usage.
struct HelpPage {
    /// From the root to the command.
    let path: [DeclaredCommand]

    private var command: DeclaredCommand? { path.last }
    private var name: String { CommandName.of(path.dropFirst().map(\.commandName)) }

    var text: String {
        guard let command else { return "" }
        var parts = [wrapped(command.abstract ?? "").joined(separator: "\n")]
        parts += section("Examples", examples(command))
        parts += section("Available Commands", rows(command.children.filter(\.isVisible).map { ($0.commandName, $0.abstract ?? "") }))
        if !command.isGroup { parts += section("Options", options(command.flags.filter { !$0.isGlobal && $0.shouldDisplay != false })) }
        parts += section("Usage", ["  " + usage(command)])
        return parts.joined(separator: "\n\n") + "\n\n" + footer(command) + "\n"
    }

    /// The page of `kubectl egress options`.
    static func globalOptions(of tree: CommandTree) -> String {
        let page = HelpPage(path: [tree.root])
        var seen: Set<String> = []
        let flags = tree.root.flagsOfLeaves.filter { $0.isGlobal && seen.insert($0.longName).inserted }
        return (["The following options can be passed to any command:", ""] + page.options(flags)).joined(separator: "\n") + "\n"
    }

    private func section(_ title: String, _ lines: [String]) -> [String] {
        lines.isEmpty ? [] : [([title + ":"] + lines).joined(separator: "\n")]
    }

    private func examples(_ command: DeclaredCommand) -> [String] {
        (command.discussion ?? "").split(separator: "\n", omittingEmptySubsequences: false).map { $0.isEmpty ? "" : "  \($0)" }
    }

    private func usage(_ command: DeclaredCommand) -> String {
        if command.isGroup { return "\(name) COMMAND [options]" }
        let positionals = (command.arguments ?? []).filter { $0.kind == .positional && $0.shouldDisplay != false }
        return ([name] + positionals.map { $0.valueName ?? "" } + ["[options]"]).joined(separator: " ")
    }

    private func footer(_ command: DeclaredCommand) -> String {
        let more = command.isGroup ? ["Use \"\(name) COMMAND --help\" for more about a command."] : []
        return (more + ["Use \"\(CommandName.program) options\" for the options that every command takes."]).joined(separator: "\n")
    }

    /// Two columns, the second wrapped.
    private func rows(_ rows: [(String, String)]) -> [String] {
        let width = (rows.map(\.0.count).max() ?? 0) + 4
        return rows.flatMap { name, text in
            wrapped(text, first: "  " + name + String(repeating: " ", count: width - name.count - 2), width: 80)
        }
    }

    /// `-o, --output='':` and the text under it, as kubectl lays them out.
    private func options(_ flags: [DeclaredArgument]) -> [String] {
        flags.sorted { $0.longName < $1.longName }.flatMap { flag in
            ["  " + spelling(flag) + ":"] + wrapped(flag.abstract ?? "", first: "      ", width: 80)
        }
    }

    private func spelling(_ flag: DeclaredArgument) -> String {
        let short = flag.shortName.map { "-\($0), " } ?? "    "
        let plain = flag.isSwitch || Int(flag.defaultValue ?? "") != nil
        let value = flag.isRepeating == true ? "[]" : plain ? flag.defaultValue ?? "''" : "'\(flag.defaultValue ?? "")'"
        return "\(short)--\(flag.longName)=\(value)"
    }
}
