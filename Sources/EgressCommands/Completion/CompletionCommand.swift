import ArgumentParser

struct CompletionCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completion",
        abstract: "Print a completion script for bash, zsh or fish.",
        discussion: """
            # kubectl completes its plugins itself: put kubectl_complete-egress on PATH
            ln -s kubectl-egress ~/bin/kubectl_complete-egress

            # For those who call kubectl-egress by name
            source <(kubectl-egress completion bash)
            """)

    @OptionGroup(title: GlobalOptions.sectionTitle) var global: GlobalOptions
    @Argument(help: ArgumentHelp("", valueName: "bash|zsh|fish"), completion: .list(ShellScript.allCases.map(\.rawValue)))
    var shells: [String] = []

    func run(in environment: CommandEnvironment) async throws -> Int32 {
        let choices = ShellScript.allCases.map(\.rawValue).joined(separator: ", ")
        guard let word = shells.first, shells.count == 1 else {
            throw CommandError.usage("completion takes one shell: \(choices)", of: "kubectl egress completion")
        }
        guard let script = ShellScript(rawValue: word) else {
            throw CommandError.usage("unsupported shell type \"\(plainText(word))\": \(choices)", of: "kubectl egress completion")
        }
        environment.standardOutput(script.text)
        return 0
    }
}
