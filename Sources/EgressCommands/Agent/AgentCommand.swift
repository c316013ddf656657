import ArgumentParser
import EgressModel
import EgressPorts
import Logging
import ServiceLifecycle
import UnixSignals

struct AgentCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agent",
        abstract: "Run the loop of one node: follow the cluster's state, and keep its helper and its EgressNode in step.",
        discussion: """
            # On a node
            kubectl egress agent --snapshot /var/lib/egress --node node-1

            # One machine that plays several nodes
            kubectl egress agent --snapshot state --node a --socket '/run/{node}.sock'
            """)

    static let standardSocket = "/run/kubectl-egress/helper.sock"

    @OptionGroup(title: GlobalOptions.sectionTitle) var global: GlobalOptions
    @Option(help: "The node that this is; its EgressNode has the same name.") var node: String?
    @Option(
        name: .customLong("cluster-cidr"),
        help: "A range of pods, in place of what the cluster's configuration says; may be given several times.")
    var clusterCIDRs: [String] = []
    @Option(
        name: .customLong("service-cidr"),
        help: "A range of services, in place of what the cluster's configuration says; may be given several times.") var serviceCIDRs:
        [String] = []

    func run(in environment: CommandEnvironment) async throws -> Int32 {
        guard let node, !node.isEmpty else { throw CommandError.usage("required flag(s) \"node\" not set", of: "kubectl egress agent") }
        let settings = AgentSettings(
            node: node, socket: try CommandEnvironment.socketPath(global.socket ?? Self.standardSocket, node: node),
            clusterCIDRs: try prefixes(clusterCIDRs, of: "cluster-cidr"), serviceCIDRs: try prefixes(serviceCIDRs, of: "service-cidr"))
        var log = Logger(label: "agent") { _ in AgentLog(write: environment.standardError) }
        log.logLevel = (Int(global.verbosity) ?? 0) >= 4 ? .debug : .info
        let loop = AgentLoop(
            settings: settings, cluster: try environment.cluster(global, scope: .node(node)), openHelper: environment.openHelper,
            clock: environment.clock, log: log)
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: AgentService(loop: loop), successTerminationBehavior: .gracefullyShutdownGroup)],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: log))
        try await group.run()
        return 0
    }

    private func prefixes(_ texts: [String], of flag: String) throws(CommandError) -> [IPPrefix] {
        var prefixes: [IPPrefix] = []
        for text in texts {
            guard let prefix = IPPrefix(text) else {
                throw .usage(
                    "invalid argument \"\(plainText(text))\" for \"--\(flag)\" flag: not a CIDR, such as 10.244.0.0/16",
                    of: "kubectl egress agent")
            }
            prefixes.append(prefix)
        }
        return prefixes
    }
}

/// The loop as a service: a termination signal ends it after the step that it is in.
private struct AgentService: ServiceLifecycle.Service {
    let loop: AgentLoop

    func run() async throws {
        await cancelWhenGracefulShutdown { await loop.run() }
    }
}
