import ArgumentParser
import EgressModel
import EgressPlan
import EgressPorts

struct VersionCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version",
        abstract: "Print the versions of this program, of the API server and of the helpers on nodes.",
        discussion: """
            # This program, the server, and the helpers that nodes report
            kubectl egress version

            # This program alone
            kubectl egress version --client

            # And the helper of a node
            kubectl egress version --socket /run/kubectl-egress/helper.sock -o json
            """)

    @OptionGroup(title: GlobalOptions.sectionTitle) var global: GlobalOptions
    @Option(help: ArgumentHelp("Print the version of this program alone.", valueName: "[=true]")) var client: Bool = false
    @Option(name: .shortAndLong, help: OutputFormat.help(.json, .yaml), completion: OutputFormat.completion(.json, .yaml))
    var output: String?
    @Option(help: "The node that {node} in --socket stands for.") var node: String?

    func run(in environment: CommandEnvironment) async throws -> Int32 {
        let format = try OutputFormat(output, allowed: [.json, .yaml])
        var report = VersionReport()
        var failure: (any Error)?
        if let socket = global.socket {
            let helper = try await environment.openHelper(try CommandEnvironment.socketPath(socket, node: node))
            report.helper = try await helper.status()
        } else if !client {
            do { try await ask(environment, &report) } catch { failure = error }
        }
        try environment.render(report, as: format)
        if let failure { throw failure }
        return 0
    }

    /// A cluster that isn't configured is none to ask; one that doesn't answer is an error, as it is for kubectl.
    private func ask(_ environment: CommandEnvironment, _ report: inout VersionReport) async throws {
        let cluster: any Cluster
        do {
            cluster = try environment.cluster(global)
        } catch let error as ClusterError {
            return environment.note("note: no server asked: \(error.message)")
        }
        report.server = try await cluster.serverVersion()
        report.nodes = try await environment.snapshot(of: cluster).egressNodes
    }
}
