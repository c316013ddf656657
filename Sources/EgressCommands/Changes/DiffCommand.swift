import ArgumentParser
import EgressModel
import EgressPolicy
import EgressPorts
import KubeObjects

struct DiffCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Say what applying would do to pods, without doing it. Exit code 1: it changes something.",
        discussion: """
            # Which pods would leave by another address?
            kubectl egress diff -f egress-sample.yaml

            # Without a cluster, as a check in a pipeline: at most 20 pods
            kubectl egress diff -f deploy/ -R --snapshot cluster.jsonl --max-pods 20

            # What would be without these objects?
            kubectl egress diff --delete -f egress-sample.yaml

            # What would be if this node failed?
            kubectl egress diff --what-if-node-down node-2

            # Its exit code: 0 no change, 1 changes, 2 an error, 3 more than --max-pods
            kubectl egress diff -f egress-sample.yaml; echo $?
            """)

    @OptionGroup(title: GlobalOptions.sectionTitle) var global: GlobalOptions
    @Option(
        name: [.customShort("f"), .customLong("filename")],
        help: "A manifest, a folder of them, or - for standard input; may be given several times.") var filenames: [String] = []
    @Option(name: [.customShort("R"), .long], help: ArgumentHelp("Look into the folders below -f too.", valueName: "[=true]"))
    var recursive: Bool = false
    @Option(help: ArgumentHelp("Compare with a cluster without these objects.", valueName: "[=true]")) var delete: Bool = false
    @Option(help: "How many pods may leave in another way; with more the exit code is 3.") var maxPods: String?
    @Option(help: "Compare with a cluster in which this node has failed; may be given several times.") var whatIfNodeDown: [String] = []
    @Option(
        name: .shortAndLong, help: OutputFormat.help(.json, .yaml, .wide, .name),
        completion: OutputFormat.completion(.json, .yaml, .wide, .name))
    var output: String?

    func run(in environment: CommandEnvironment) async throws -> Int32 {
        let format = try OutputFormat(output, allowed: [.json, .yaml, .wide, .name])
        let limit = try PodLimit(flag: maxPods, of: "kubectl egress diff")
        try checkArguments(environment)
        let manifests = try filenames.isEmpty ? nil : CheckedManifests(read(environment), for: .diff)
        let cluster = try environment.cluster(global, usesInput: filenames.contains("-"))
        let items = try manifests?.items.inNamespace(global.namespace, of: cluster) ?? []
        let present = try await environment.snapshot(of: cluster)
        let objects = try await compared(items, cluster)
        var supposed = try await delete ? present.without(Set(items.map(\.manifest.object))) : overlaid(present, items, manifests, cluster)
        for node in whatIfNodeDown { supposed = try environment.supposed(supposed, withDown: node) }
        let supposition = Supposition(from: present, to: supposed, in: environment)
        let report = DiffReport(objects: objects, supposition: supposition)
        try environment.render(report, as: format, showsNamespaces: global.allNamespaces)
        if !report.hasChanges, format == .table || format == .wide { environment.note("No changes.") }
        try limit.check(supposition, consequence: "")
        return report.hasChanges ? 1 : 0
    }

    private func checkArguments(_ environment: CommandEnvironment) throws(CommandError) {
        let name = "kubectl egress diff"
        if filenames.isEmpty, whatIfNodeDown.isEmpty { throw .usage("must specify -f", of: name) }
        if filenames.isEmpty, delete { throw .usage("--delete needs -f: the manifests of what is to be deleted", of: name) }
        if filenames.contains("-"), environment.snapshotPath(global) == "-" {
            throw .usage("-f - and --snapshot - both read standard input", of: name)
        }
    }

    private func read(_ environment: CommandEnvironment) throws -> KubeReading {
        try ManifestFiles(isRecursive: recursive, standardInput: environment.standardInput).read(filenames)
    }

    private func overlaid(
        _ present: ClusterSnapshot, _ items: [CheckedManifests.Item], _ manifests: CheckedManifests?, _ cluster: any Cluster
    ) async throws -> ClusterSnapshot {
        var overlay = try await ManifestOverlay(items, over: cluster)
        overlay.add(manifests?.warnings ?? [])
        return present.overlaid(by: overlay.objects)
    }

    private func compared(_ items: [CheckedManifests.Item], _ cluster: any Cluster) async throws -> [DiffReport.Object] {
        let applied = try await DryRun(cluster: cluster).compare(items)
        return zip(items, applied).map { item, applied in
            var change = DiffReport.Object.Change(applied.change)
            if delete { change = change == .create ? .none : .delete }
            return DiffReport.Object(object: item.manifest.object, apiVersion: item.manifest.apiVersion, change: change)
        }
    }
}
