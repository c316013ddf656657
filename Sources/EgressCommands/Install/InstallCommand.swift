import ArgumentParser
import EgressModel
import EgressPorts

struct InstallCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "install",
        abstract: "Install kubectl-egress in the cluster, from this binary alone: definitions, RBAC, DaemonSet.",
        discussion: """
            # See what would be applied, and what the API server says of it
            kubectl egress install -o yaml
            kubectl egress install --dry-run=server

            # Install, and wait until every node reports
            kubectl egress install --image registry.example/kubectl-egress:0.1.0 --wait
            """)

    @OptionGroup(title: GlobalOptions.sectionTitle) var global: GlobalOptions
    @Option(help: "The image of both containers.") var image: String?
    @Option(
        help: ArgumentHelp(
            "client: say what would change; server: let the API server say it; none: do it.", valueName: "[=client]"),
        completion: .list(DryRunMode.allCases.map(\.rawValue)))
    var dryRun: String = "none"
    @Option(help: ArgumentHelp("Take over fields that another manager owns.", valueName: "[=true]")) var forceConflicts: Bool = false
    @Option(help: ArgumentHelp("Wait until it runs on every node and every node reports.", valueName: "[=true]")) var wait: Bool = false
    @Option(help: "How long to wait: 60s, 5m.") var timeout: String = "5m"
    @Option(
        name: .shortAndLong, help: "Output format: name; yaml prints the manifests and asks no cluster.",
        completion: .list(["name", "yaml"]))
    var output: String?

    func run(in environment: CommandEnvironment) async throws -> Int32 {
        let name = "kubectl egress install"
        let format = try OutputFormat(output, allowed: [.name, .yaml])
        let mode = try DryRunMode(flag: dryRun, of: name)
        guard let patience = seconds(fromDuration: timeout) else {
            throw CommandError.usage("invalid argument \"\(plainText(timeout))\" for \"--timeout\" flag: time: invalid duration", of: name)
        }
        try global.requireOwnNamespace()
        let manifests = try InstallManifests(environment.adapters.manifests, image: image)
        if format == .yaml {
            environment.standardOutput(manifests.objects.map(\.yamlText).joined(separator: "---\n"))
            return 0
        }
        try global.requireAPI(environment, "install")
        let cluster = try environment.cluster(global)
        let definition = try await PolicyDefinition.found(in: cluster)
        if case .foreign(let owner) = definition {
            environment.note("note: \(InstallManifests.policyDefinition.name) is there already (\(owner)'s) and is left as it is")
        }
        let objects = if case .foreign = definition { manifests.without(InstallManifests.policyDefinition) } else { manifests.objects }
        let steps = InstallSteps(cluster: cluster, environment: environment, mode: mode, format: format, forcesConflicts: forceConflicts)
        try await steps.apply(objects)
        guard wait, mode == .none else { return 0 }
        try await InstallWait(cluster: cluster, environment: environment, timeout: patience).untilRunning(manifests)
        return 0
    }
}

extension GlobalOptions {
    /// `-n` may say what is so anyway.
    func requireOwnNamespace() throws(CommandError) {
        let own = InstallManifests.namespace
        guard let namespace, !namespace.isEmpty, namespace != own else { return }
        throw CommandError(
            "the namespace from the provided object \"\(own)\" does not match the namespace \"\(plainText(namespace))\". "
                + "You must pass '--namespace=\(own)' to perform this operation.")
    }

    func requireAPI(_ environment: CommandEnvironment, _ verb: String) throws(CommandError) {
        guard let path = environment.snapshotPath(self) else { return }
        throw CommandError(
            "nothing can be \(verb)ed into \(plainText(path)): it is a folder of manifests, not a cluster",
            hints: ["leave --snapshot away, and unset \(CommandEnvironment.snapshotVariable)"])
    }
}
