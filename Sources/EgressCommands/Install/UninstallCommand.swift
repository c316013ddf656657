import ArgumentParser
import EgressModel
import EgressPorts

struct UninstallCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "uninstall",
        abstract: "Remove what install put into the cluster; policies stay.",
        discussion: """
            # See what would go
            kubectl egress uninstall --dry-run

            # With the definition of policies, and so with every policy
            kubectl egress uninstall --crds
            """)

    @OptionGroup(title: GlobalOptions.sectionTitle) var global: GlobalOptions
    @Option(help: ArgumentHelp("Only say what would be deleted.", valueName: "[=client]"), completion: .list(["none", "client"]))
    var dryRun: String = "none"
    @Option(
        help: ArgumentHelp("Delete the definition of policies too, and so every policy; never one of Cilium's.", valueName: "[=true]"))
    var crds: Bool = false
    @Option(name: .shortAndLong, help: "Output format: name.", completion: .list(["name"])) var output: String?

    func run(in environment: CommandEnvironment) async throws -> Int32 {
        let format = try OutputFormat(output, allowed: [.name])
        let mode = try DryRunMode(flag: dryRun, of: "kubectl egress uninstall")
        if mode == .server { throw CommandError.usage("--dry-run=server: deleting has none; use client", of: "kubectl egress uninstall") }
        try global.requireOwnNamespace()
        try global.requireAPI(environment, "uninstall")
        let cluster = try environment.cluster(global)
        let manifests = try InstallManifests(environment.adapters.manifests, image: nil)
        let definition = try await PolicyDefinition.found(in: cluster)
        let takesDefinition = crds && definition == .ours
        let objects = (takesDefinition ? manifests.objects : manifests.without(InstallManifests.policyDefinition)).reversed()
        try await delete(Array(objects), cluster, environment, mode, format)
        if !takesDefinition { sayWhatStays(definition, environment) }
        environment.note(
            "note: what nodes have programmed stays in their kernels until they restart")
        return 0
    }

    /// One by one, so that what is gone is said even when a later one is refused.
    private func delete(
        _ objects: [Manifest], _ cluster: any Cluster, _ environment: CommandEnvironment, _ mode: DryRunMode, _ format: OutputFormat
    ) async throws {
        var count = 0
        for manifest in objects {
            let isThere =
                mode == .client
                ? try await cluster.object(manifest.object, apiVersion: manifest.apiVersion) != nil
                : !(try await cluster.delete([manifest])).isEmpty
            guard isThere else { continue }
            count += 1
            let name = manifest.resourceName
            environment.standardOutput(plainText(format == .name ? name : "\(name) deleted\(mode.suffix)") + "\n")
        }
        if count == 0 { environment.note("Nothing of kubectl-egress was found.") }
    }

    private func sayWhatStays(_ definition: PolicyDefinition, _ environment: CommandEnvironment) {
        let name = InstallManifests.policyDefinition.name
        switch definition {
        case .missing: break
        case .ours: environment.note("note: \(name) and its policies stay; --crds deletes them too")
        case .foreign(let owner): environment.note("note: \(name) is \(owner)'s: it and its policies stay")
        }
    }
}
