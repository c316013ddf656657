import ArgumentParser
import EgressModel
import EgressPorts

struct ApplyCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Apply policies, and wait until every node that they concern has them in force.",
        discussion: """
            # One policy
            kubectl egress apply -f egress-sample.yaml

            # Not when more than ten pods would leave in another way
            kubectl egress apply -f egress-sample.yaml --max-pods 10

            # A folder and those below it, without waiting
            kubectl egress apply -f deploy/ -R --wait=false

            # What the API server says of it, without keeping it
            kubectl egress apply -f egress-sample.yaml --dry-run=server

            # Only check, from standard input
            kustomize build . | kubectl egress apply -f - --dry-run=client
            """)

    @OptionGroup(title: GlobalOptions.sectionTitle) var global: GlobalOptions
    @Option(
        name: [.customShort("f"), .customLong("filename")],
        help: "A manifest, a folder of them, or - for standard input; may be given several times.") var filenames: [String] = []
    @Option(name: [.customShort("R"), .long], help: ArgumentHelp("Look into the folders below -f too.", valueName: "[=true]"))
    var recursive: Bool = false
    @Option(
        help: ArgumentHelp(
            "client: check and say what would change; server: let the API server say it; none: do it.", valueName: "[=client]"),
        completion: .list(DryRunMode.allCases.map(\.rawValue)))
    var dryRun: String = "none"
    @Option(help: ArgumentHelp("Take over fields that another manager owns.", valueName: "[=true]")) var forceConflicts: Bool = false
    @Option(help: "Who owns the fields that are applied.") var fieldManager: String = ApplyOptions.standardManager
    @Option(help: ArgumentHelp("Taken for kubectl's sake: an API server always does the applying.", valueName: "[=true]"))
    var serverSide: Bool = true
    @Option(help: ArgumentHelp("Wait until every node concerned reports the policies as in force.", valueName: "[=true]"))
    var wait: Bool = true
    @Option(help: "How long to wait: 60s, 5m.") var timeout: String = "60s"
    @Option(help: "How many pods may leave in another way; with more, nothing is applied and the exit code is 3.") var maxPods: String?
    @Option(name: .shortAndLong, help: "Output format: name.", completion: .list(["name"])) var output: String?

    func run(in environment: CommandEnvironment) async throws -> Int32 {
        let format = try OutputFormat(output, allowed: [.name])
        let (mode, timeout) = try checkArguments()
        let limit = try PodLimit(flag: maxPods, of: "kubectl egress apply")
        let reading = try ManifestFiles(isRecursive: recursive, standardInput: environment.standardInput).read(filenames)
        let manifests = try CheckedManifests(reading)
        for line in manifests.warnings.flatMap({ manifestLines($0, as: "Warning") }) { environment.note(line) }
        let cluster = try environment.cluster(global, usesInput: filenames.contains("-"))
        let items = try manifests.items.inNamespace(global.namespace, of: cluster)
        try await ApplyPreview(environment: environment, limit: limit).show(items, on: cluster)
        let steps = ApplySteps(
            cluster: cluster, environment: environment, mode: mode, format: format,
            options: ApplyOptions(isDryRun: mode == .server, forcesConflicts: forceConflicts, fieldManager: fieldManager),
            isAtOnce: environment.snapshotPath(global) != nil)
        let applied = try await steps.apply(items)
        guard wait, mode == .none else { return 0 }
        let wait = ProgrammedWait(cluster: cluster, environment: environment, timeout: timeout)
        let lines = try await wait.untilProgrammed(applied.filter { $0.object.kind == StatusReport.policyKind })
        if format != .name { lines.forEach { environment.standardOutput(plainText($0) + "\n") } }
        return 0
    }

    private func checkArguments() throws(CommandError) -> (DryRunMode, timeout: Double) {
        let name = "kubectl egress apply"
        if filenames.isEmpty { throw .usage("must specify -f", of: name) }
        if !serverSide { throw .usage("--server-side=false: objects are applied by the API server alone", of: name) }
        if fieldManager.isEmpty || fieldManager.utf8.count > 128 { throw .usage("--field-manager takes 1 to 128 characters", of: name) }
        let mode = try DryRunMode(flag: dryRun, of: name)
        if mode == .client, forceConflicts { throw .usage("--dry-run=client and --force-conflicts don't go together", of: name) }
        guard let seconds = seconds(fromDuration: timeout) else {
            throw .usage("invalid argument \"\(plainText(timeout))\" for \"--timeout\" flag: time: invalid duration", of: name)
        }
        return (mode, seconds)
    }
}
