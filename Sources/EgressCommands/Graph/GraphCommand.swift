import ArgumentParser
import EgressModel
import EgressPolicy

struct GraphCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "graph",
        abstract: "Draw which pods leave through which gateway by which address, as text or as a page for a browser.",
        discussion: """
            # As text
            kubectl egress graph

            # A picture of one policy: one file, nothing to load
            kubectl egress graph egress-sample -o html > egress.html

            # Boxes and edges, for another program
            kubectl egress graph -o json
            """)

    @OptionGroup(title: GlobalOptions.sectionTitle) var global: GlobalOptions
    @Option(
        name: .shortAndLong, help: OutputFormat.help(.json, .yaml, .html), completion: OutputFormat.completion(.json, .yaml, .html))
    var output: String?
    @Argument(help: ArgumentHelp("", valueName: "[POLICY...]")) var policies: [String] = []

    func run(in environment: CommandEnvironment) async throws -> Int32 {
        let format = try OutputFormat(output, allowed: [.json, .yaml, .html])
        let snapshot = try await environment.snapshot(of: try environment.cluster(global))
        try snapshot.requirePolicies(policies)
        let effective = environment.effectivePolicy(of: snapshot)
        let graph = egressGraph(of: effective, policies: policies, namespace: global.onlyNamespace)
        let title = policies.isEmpty ? "Egress" : "Egress by " + namesInWords(policies)
        let concerned = effective.findings.filter { finding in
            guard !policies.isEmpty, let object = finding.object, object.kind == StatusReport.policyKind else { return true }
            return policies.contains(object.name)
        }
        try environment.render(GraphReport(graph: graph, title: title, findings: concerned.sorted()), as: format)
        if graph.boxes.isEmpty, format == .table { environment.note("No egress policies found.") }
        return 0
    }
}
