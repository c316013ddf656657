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

            # A folder and those below it, without waiting
            kubectl egress apply -f deploy/ -R --wait=false

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
        help: ArgumentHelp("client: check and say what would change; none: do it.", valueName: "[=client]"),
        completion: .list(["none", "client"]))
    var dryRun: String = "none"
    @Option(help: ArgumentHelp("Wait until every node concerned reports the policies as in force.", valueName: "[=true]"))
    var wait: Bool = true
    @Option(help: "How long to wait: 60s, 5m.") var timeout: String = "60s"
    @Option(name: .shortAndLong, help: "Output format: name.", completion: .list(["name"])) var output: String?

    func run(in environment: CommandEnvironment) async throws -> Int32 {
        let format = try OutputFormat(output, allowed: [.name])
        let timeout = try checkArguments()
        let reading = try ManifestFiles(isRecursive: recursive, standardInput: environment.standardInput).read(filenames)
        let manifests = try CheckedManifests(reading)
        for line in manifests.warnings.flatMap({ manifestLines($0, as: "Warning") }) { environment.note(line) }
        let cluster = try environment.cluster(global)
        let applied =
            dryRun == "client"
            ? try await DryRun(cluster: cluster).compare(manifests) : try await cluster.apply(manifests.items.map(\.manifest))
        report(applied, of: manifests, format, environment)
        guard wait, dryRun != "client" else { return 0 }
        let generations = applied.filter { $0.object.kind == StatusReport.policyKind }.map { ($0.object.name, $0.generation) }
        let awaited = Dictionary(generations) { _, last in last }
        let lines = try await ProgrammedWait(cluster: cluster, environment: environment, timeout: timeout).untilProgrammed(awaited)
        if format != .name { lines.forEach { environment.standardOutput(plainText($0) + "\n") } }
        return 0
    }

    private func checkArguments() throws(CommandError) -> Double {
        let name = "kubectl egress apply"
        if filenames.isEmpty { throw .usage("must specify -f", of: name) }
        guard ["none", "client"].contains(dryRun) else {
            let what = dryRun == "server" ? "needs an API server; use \"client\"" : "must be \"none\" or \"client\""
            throw .usage("invalid dry-run value (\(plainText(dryRun))): \(what)", of: name)
        }
        guard let seconds = seconds(fromDuration: timeout) else {
            throw .usage("invalid argument \"\(plainText(timeout))\" for \"--timeout\" flag: time: invalid duration", of: name)
        }
        return seconds
    }

    private func report(
        _ applied: [AppliedObject], of manifests: CheckedManifests, _ format: OutputFormat, _ environment: CommandEnvironment
    ) {
        let versions = Dictionary(manifests.items.map { ($0.manifest.object, $0.manifest.apiVersion) }) { first, _ in first }
        for object in applied {
            let name = object.object.resourceName(apiVersion: versions[object.object] ?? "")
            let change = dryRun == "client" ? "\(object.change.rawValue) (dry run)" : object.change.rawValue
            environment.standardOutput(plainText(format == .name ? name : "\(name) \(change)") + "\n")
        }
    }
}
