import ArgumentParser
import EgressModel
import EgressPolicy
import EgressPorts

struct StatusCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Is it working: policies and where they are in force, gateways, nodes, and what is wrong.",
        discussion: """
            # Everything
            kubectl egress status

            # One policy, for a script
            kubectl egress status egress-sample -o json

            # Again after each change
            kubectl egress status -w

            # What would be missing if this node failed?
            kubectl egress status --what-if-node-down node-2
            """)

    @OptionGroup(title: GlobalOptions.sectionTitle) var global: GlobalOptions
    @OptionGroup var whatIf: WhatIfOptions
    @Option(
        name: .shortAndLong, help: OutputFormat.help(.json, .yaml, .wide, .name),
        completion: OutputFormat.completion(.json, .yaml, .wide, .name))
    var output: String?
    @Option(name: .shortAndLong, help: ArgumentHelp("Print again after each change.", valueName: "[=true]")) var watch: Bool = false
    @Argument(help: ArgumentHelp("", valueName: "[POLICY...]")) var policies: [String] = []

    func run(in environment: CommandEnvironment) async throws -> Int32 {
        let format = try OutputFormat(output, allowed: [.json, .yaml, .wide, .name])
        try whatIf.check(takesLabels: false, of: "kubectl egress status")
        if watch, whatIf.usesInput {
            throw CommandError.usage("-f - can't be read again after each change (-w)", of: "kubectl egress status")
        }
        let cluster = try environment.cluster(global, usesInput: whatIf.usesInput)
        guard watch else {
            try environment.render(try await report(cluster, environment), as: format, showsNamespaces: global.allNamespaces)
            return 0
        }
        var last = ""
        for await _ in cluster.changes() {
            let text = try environment.text(of: try await report(cluster, environment), as: format, showsNamespaces: global.allNamespaces)
            if text != last { environment.standardOutput((last.isEmpty ? "" : "\n") + text) }
            last = text
        }
        return 0
    }

    private func report(_ cluster: any Cluster, _ environment: CommandEnvironment) async throws -> StatusReport {
        let present = try await environment.snapshot(of: cluster)
        let snapshot = try await whatIf.suppose(present, of: cluster, namespace: global.namespace, in: environment)
        try snapshot.requirePolicies(policies)
        let effective = environment.effectivePolicy(of: snapshot)
        let gateways = Set(effective.policies.flatMap(\.entries).flatMap(\.candidates).map(\.node)).sorted()
        return StatusReport(
            snapshot: snapshot, effective: effective, only: policies, ports: await environment.portsInUse(global, on: gateways),
            now: environment.moment(of: snapshot))
    }
}
