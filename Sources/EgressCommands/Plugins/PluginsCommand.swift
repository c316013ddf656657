import ArgumentParser
import EgressModel
import EgressPlan
import EgressPolicy
import EgressPorts

struct PluginsCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plugins",
        abstract: "Show what plugin modules answered: for which policy, on which node, since when, and what is wrong.",
        discussion: """
            # The last answer for every policy that a module finds addresses for
            kubectl egress plugins

            # One policy, with interfaces and reasons
            kubectl egress plugins by-spread -o wide

            # On a node: its modules too, their versions and their health
            kubectl egress plugins --socket /run/kubectl-egress/helper.sock
            """)

    @OptionGroup(title: GlobalOptions.sectionTitle) var global: GlobalOptions
    @Option(help: "Only answers of this node; {node} in --socket stands for it.") var node: String?
    @Option(
        name: .shortAndLong, help: OutputFormat.help(.json, .yaml, .wide, .name),
        completion: OutputFormat.completion(.json, .yaml, .wide, .name))
    var output: String?
    @Argument(help: ArgumentHelp("", valueName: "[POLICY...]")) var policies: [String] = []

    func run(in environment: CommandEnvironment) async throws -> Int32 {
        let format = try OutputFormat(output, allowed: [.json, .yaml, .wide, .name])
        var report = PluginReport()
        if let socket = global.socket {
            let helper = try await environment.openHelper(try CommandEnvironment.socketPath(socket, node: node))
            report.add(try await helper.plugins(), on: try await helper.status().node)
        }
        try await addAnswers(to: &report, environment)
        try environment.render(report, as: format)
        if format == .table || format == .wide, report.answers?.isEmpty == true, report.unread.isEmpty { environment.note(nothing) }
        return 0
    }

    /// Where a helper is asked, a cluster that isn't configured is none to ask.
    private func addAnswers(to report: inout PluginReport, _ environment: CommandEnvironment) async throws {
        let cluster: any Cluster
        do {
            cluster = try environment.cluster(global)
        } catch let error as ClusterError where global.socket != nil {
            return environment.note("note: no server asked, so answers aren't shown: \(error.message)")
        }
        let snapshot = try await environment.snapshot(of: cluster)
        try snapshot.requirePolicies(policies)
        report.add(
            environment.effectivePolicy(of: snapshot), only: policies, node: node, now: environment.moment(of: snapshot),
            unread: Set(snapshot.unread.map(\.kind)))
    }

    private var nothing: String {
        let place = node.map { " on \($0)" } ?? ""
        guard policies.isEmpty else { return "No plugin module answers for these policies\(place)." }
        return "No policy has its addresses from a plugin module\(place). To choose one: "
            + "kubectl annotate ciliumegressgatewaypolicy NAME \(EgressAnnotation.strategy)=MODULE"
    }
}
