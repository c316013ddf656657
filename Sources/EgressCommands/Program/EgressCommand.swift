import ArgumentParser

/// The root: `kubectl egress`. A new command is a file of its own and a line here.
struct EgressCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "egress",
        abstract: "Give pods' traffic a fixed source address: see, explain and change how it leaves the cluster.",
        discussion: """
            # Is it working?
            kubectl egress status

            # How does this pod reach that address, and why?
            kubectl egress explain pod mediabot --to 203.0.113.80:443

            # Put a policy in force, and wait until every node has it
            kubectl egress apply -f egress-sample.yaml
            """,
        subcommands: [
            StatusCommand.self, ExplainCommand.self, ListCommand.self, NATCommand.self, ObserveCommand.self, GraphCommand.self,
            PluginsCommand.self, ApplyCommand.self,
            DiffCommand.self, LintCommand.self,
            SnapshotCommand.self,
            InstallCommand.self, UninstallCommand.self, AgentCommand.self, CompletionCommand.self, VersionCommand.self, OptionsCommand.self,
            HelpCommand.self,
        ],
        defaultSubcommand: nil)
}

/// A command that does something.
protocol RunnableCommand: ParsableCommand {
    var global: GlobalOptions { get }

    /// Does it, and gives the exit code. Throws ``CommandError``, or what an adapter threw.
    func run(in environment: CommandEnvironment) async throws -> Int32
}
