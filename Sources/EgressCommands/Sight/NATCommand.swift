import ArgumentParser
import EgressModel
import EgressPlan
import EgressPorts

struct NATCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nat",
        abstract: "Show live translations: which pod's connection leaves by which address and port; or how full the ports are.",
        discussion: """
            # Every living translation of this node, run on it
            kubectl egress nat

            # Who has the connection that a server saw from 203.0.113.100, port 40312?
            kubectl egress nat --egress-ip 203.0.113.100 --to 198.51.100.80:443

            # One pod, on another node
            kubectl egress nat --pod mediabot --node node-2 --socket '/run/{node}.sock'

            # Ports in use to each remote, the fullest first
            kubectl egress nat --ports
            """)

    @OptionGroup(title: GlobalOptions.sectionTitle) var global: GlobalOptions
    @OptionGroup var which: ConnectionOptions
    @Option(help: ArgumentHelp("Show ports used, free and refused by egress IP and remote instead.", valueName: "[=true]"))
    var ports: Bool = false
    @Option(help: "Show at most so many.") var limit: Int?
    @Option(
        name: .shortAndLong, help: OutputFormat.help(.json, .yaml, .wide),
        completion: OutputFormat.completion(.json, .yaml, .wide))
    var output: String?

    func run(in environment: CommandEnvironment) async throws -> Int32 {
        let format = try OutputFormat(output, allowed: [.json, .yaml, .wide])
        let most = ports ? PortQuery.mostAtOnce : TranslationQuery.mostAtOnce
        if let limit, !(1...most).contains(limit) { throw CommandError("--limit \(limit): must be from 1 to \(most)") }
        if ports, which.pod != nil || which.policy != nil {
            throw CommandError.usage("ports belong to egress IPs: --pod and --policy don't go with --ports", of: "kubectl egress nat")
        }
        let helpers = try await environment.nodeHelpers(global, node: which.node)
        let filter = try which.filter(global, helpers)
        if ports { return try await showPorts(filter, helpers, format, environment) }
        var list = TranslationReport(helpers: helpers)
        for node in helpers.helpers {
            let query = TranslationQuery(filter: filter, limit: limit ?? TranslationQuery().limit)
            list.add(try await node.helper.translations(query), on: node.node)
        }
        list.cut(to: limit ?? TranslationQuery().limit)
        try environment.render(list, as: format)
        if format == .table || format == .wide {
            if list.rows.isEmpty {
                environment.note("No live translations\(helpers.helpers.count == 1 ? " on \(helpers.helpers[0].node)" : "").")
            }
            if list.total > list.rows.count { environment.note("Showing \(list.rows.count) of \(list.total); --limit shows more.") }
        }
        return 0
    }

    private func showPorts(
        _ filter: ConnectionFilter, _ helpers: NodeHelpers, _ format: OutputFormat, _ environment: CommandEnvironment
    ) async throws -> Int32 {
        guard filter.remote.map({ $0.length == $0.family.bitWidth }) ?? true else {
            throw CommandError("--to with --ports: name one address; a port is free or in use to one remote")
        }
        let query = PortQuery(
            egressIP: filter.egressIP, remote: filter.remote?.address, remotePort: filter.remotePort, limit: limit ?? PortQuery().limit)
        var report = PortReport(findings: helpers.findings)
        for node in helpers.helpers { report.add(try await node.helper.ports(query), on: node.node) }
        try environment.render(report, as: format)
        if report.lines.isEmpty, format == .table || format == .wide { environment.note("No ports in use.") }
        return 0
    }
}
