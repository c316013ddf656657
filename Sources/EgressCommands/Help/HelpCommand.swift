import ArgumentParser

struct HelpCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "help", abstract: "Show the help of a command.", discussion: "kubectl egress help explain pod")

    @OptionGroup(title: GlobalOptions.sectionTitle) var global: GlobalOptions
    @Argument(help: ArgumentHelp("", valueName: "[COMMAND...]")) var words: [String] = []

    func run(in environment: CommandEnvironment) async throws -> Int32 {
        let tree = try CommandTree.egress.get()
        let path = tree.path(words)
        guard path.count == words.count + 1 else {
            throw CommandError("unknown help topic \"\(plainText(words.joined(separator: " ")))\"", hints: ["\(CommandName.program) help"])
        }
        environment.standardOutput(HelpPage(path: path).text)
        return 0
    }
}

struct OptionsCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "options", abstract: "Print the options that every command takes.", discussion: "kubectl egress options")

    @OptionGroup(title: GlobalOptions.sectionTitle) var global: GlobalOptions

    func run(in environment: CommandEnvironment) async throws -> Int32 {
        environment.standardOutput(HelpPage.globalOptions(of: try CommandTree.egress.get()))
        return 0
    }
}
