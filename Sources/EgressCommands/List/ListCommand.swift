import ArgumentParser
import EgressModel
import EgressPolicy

struct ListCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the rules of the datapath: which pod leaves how, to where, and by which policy.",
        discussion: """
            # Every rule of the cluster
            kubectl egress list -A

            # Rules of pods on a node, and of pods that leave through it
            kubectl egress list --node node-2 -o wide

            # What `cilium-dbg bpf egress list -o json` would print on that node
            kubectl egress list -o cilium --node node-2

            # Rules for which Cilium does otherwise with the same policies
            kubectl egress list --as-cilium 1.18

            # How would pods leave if this node failed?
            kubectl egress list --what-if-node-down node-2
            """,
        aliases: ["ls"])

    @OptionGroup(title: GlobalOptions.sectionTitle) var global: GlobalOptions
    @OptionGroup var whatIf: WhatIfOptions
    @Option(help: "Only rules of pods on this node or of pods that leave through it; with -o cilium, the node that looks.")
    var node: String?
    @Option(help: ArgumentHelp(CiliumVersion.asCiliumHelp, valueName: "version"), completion: .list(CiliumVersion.known))
    var asCilium: String?
    @Option(
        name: .shortAndLong, help: OutputFormat.help(.json, .yaml, .wide, .name, .cilium),
        completion: OutputFormat.completion(.json, .yaml, .wide, .name, .cilium))
    var output: String?

    func run(in environment: CommandEnvironment) async throws -> Int32 {
        let format = try OutputFormat(output, allowed: [.json, .yaml, .wide, .name, .cilium])
        if format == .cilium, node == nil {
            throw CommandError("-o cilium shows the rules as one node sees them: --node NAME is required")
        }
        let version = try asCilium.map { text throws(CommandError) in try CiliumVersion(asked: text) }
        try whatIf.check(takesLabels: false, of: "kubectl egress list")
        let cluster = try environment.cluster(global, usesInput: whatIf.usesInput)
        let present = try await environment.snapshot(of: cluster)
        let snapshot = try await whatIf.suppose(present, of: cluster, namespace: global.namespace, in: environment)
        let effective = environment.effectivePolicy(of: snapshot)
        if let node, !effective.nodes.contains(where: { $0.name == node }), !snapshot.lacks(.node) {
            throw CommandError.notFound("nodes", node, hints: ["nodes: " + namesInWords(effective.nodes.map(\.name))])
        }
        if let version {
            try showDifferences(CiliumComparison(snapshot, effective, as: version), as: format, in: environment)
            return 0
        }
        environment.noteCiliumInCharge(snapshot, asked: version)
        let list = RuleList(effective: effective, node: node, namespace: global.onlyNamespace)
        try environment.render(list, as: format, showsNamespaces: global.allNamespaces)
        if list.rules.isEmpty, format == .table || format == .wide {
            let isUnknown = snapshot.lacks(.pod) || snapshot.lacks(.policy)
            environment.note(isUnknown ? "No egress rules can be told." : "No egress rules found.")
        }
        return 0
    }

    private func showDifferences(_ comparison: CiliumComparison, as format: OutputFormat, in environment: CommandEnvironment)
        throws(CommandError)
    {
        let list = CiliumDifferenceList(comparison, node: node, namespace: global.onlyNamespace)
        try environment.render(list, as: format, showsNamespaces: global.allNamespaces)
        if list.differences.isEmpty, format == .table || format == .wide {
            let known = comparison.isComplete ? "" : " that can be told"
            environment.note("Cilium \(list.version) does the same for every rule\(known).")
        }
    }
}
