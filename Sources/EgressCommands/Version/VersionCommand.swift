import ArgumentParser
import EgressModel
import EgressPlan
import EgressPorts
import JSONText

struct VersionCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version",
        abstract: "Print the version of this program and, with --socket, of the helper behind it.",
        discussion: """
            # This program alone
            kubectl egress version

            # And the helper of a node
            kubectl egress version --socket /run/kubectl-egress/helper.sock -o json
            """)

    @OptionGroup(title: GlobalOptions.sectionTitle) var global: GlobalOptions
    @Option(name: .shortAndLong, help: "Output format: json or yaml.", completion: .list(["json", "yaml"])) var output: String?
    @Option(help: "The node that {node} in --socket stands for.") var node: String?

    func run(in environment: CommandEnvironment) async throws -> Int32 {
        let format = try OutputFormat(output, allowed: [.json, .yaml])
        var report = VersionReport()
        if let socket = global.socket {
            let helper = try await environment.openHelper(try CommandEnvironment.socketPath(socket, node: node))
            report.helper = try await helper.status()
        }
        environment.render(report, as: format)
        return 0
    }
}

struct VersionReport: CommandResult {
    var helper: HelperStatus?
    let findings: [Finding] = []
    let names: [String] = []

    var json: JSONValue {
        [
            "client": ["version": .string(ProductVersion.current)],
            "helper": helper.map { status in
                [
                    "version": .string(status.helper.version), "node": .string(status.node), "abi": JSONValue(status.helper.abi),
                    "datapath": .string(status.helper.datapath), "revision": JSONValue(status.revision),
                    "uptimeSeconds": JSONValue(status.uptimeSeconds),
                ]
            } ?? nil,
        ]
    }

    func text(_ layout: TextLayout) -> String {
        var lines = ["Client Version: \(ProductVersion.current)"]
        if let helper {
            lines.append(
                "Helper Version: \(helper.helper.version) on \(helper.node) (datapath \(helper.helper.datapath), abi \(helper.helper.abi))")
        }
        return lines.map { plainText($0) + "\n" }.joined()
    }
}
