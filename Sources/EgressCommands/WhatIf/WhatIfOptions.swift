import ArgumentParser
import EgressModel
import EgressPolicy
import EgressPorts
import KubeObjects

/// What a reading command is to suppose of the cluster: nothing of it is changed.
struct WhatIfOptions: ParsableArguments, Sendable {
    @Option(
        help: ArgumentHelp(
            "Suppose a label on the pod (label=value) or off it (label-), or the manifests of -f; may be given several times.",
            valueName: "[label=value]"))
    var whatIf: [String] = []
    @Option(help: "Suppose that this node has failed; may be given several times.") var whatIfNodeDown: [String] = []
    @Option(
        name: [.customShort("f"), .customLong("filename")],
        help: "With --what-if: suppose that this manifest, folder, or - for standard input is applied; may be given several times.")
    var filenames: [String] = []
    @Option(name: [.customShort("R"), .long], help: ArgumentHelp("Look into the folders below -f too.", valueName: "[=true]"))
    var recursive: Bool = false
}

/// A pod whose labels are supposed to be others.
struct SupposedPod {
    var name: String
    var namespace: String
}

extension WhatIfOptions {
    /// Words without a value are `--what-if` before `-f`.
    private var edits: [String] { whatIf.filter { !$0.isEmpty } }
    var isEmpty: Bool { whatIf.isEmpty && whatIfNodeDown.isEmpty }
    var usesInput: Bool { filenames.contains("-") }

    /// Before anything is read. `takesLabels`: the command is about one pod.
    func check(takesLabels: Bool, of command: String) throws(CommandError) {
        if !filenames.isEmpty, whatIf.isEmpty { throw .usage("-f says what to suppose, and needs --what-if", of: command) }
        if filenames.isEmpty, whatIf.contains("") { throw .usage("--what-if needs a label (label=value, label-) or -f", of: command) }
        if !takesLabels, let edit = edits.first {
            throw .usage("--what-if \(plainText(edit)): a label is for explain pod alone; here --what-if goes with -f", of: command)
        }
        for edit in edits { _ = try LabelEdit(argument: edit) }
    }

    /// The cluster as it is supposed to be, agents' answers included; what is supposed is noted on standard error.
    func suppose(
        _ present: ClusterSnapshot, of cluster: any Cluster, pod: SupposedPod? = nil, namespace: String?, in environment: CommandEnvironment
    ) async throws -> ClusterSnapshot {
        guard !isEmpty else { return present }
        var supposed = present
        var words: [String] = []
        if !filenames.isEmpty {
            let reading = try ManifestFiles(isRecursive: recursive, standardInput: environment.standardInput).read(filenames)
            let manifests = try CheckedManifests(reading, for: .whatIf)
            var overlay = try await ManifestOverlay(manifests.items.inNamespace(namespace, of: cluster), over: cluster)
            overlay.add(manifests.warnings)
            supposed = supposed.overlaid(by: overlay.objects)
            words.append("\(namesInWords(filenames)) applied")
        }
        for node in whatIfNodeDown {
            supposed = try environment.supposed(supposed, withDown: node)
            words.append("node \(node) down")
        }
        if let pod, !edits.isEmpty {
            let edits = try edits.map { text throws(CommandError) in try LabelEdit(argument: text) }
            supposed = supposed.with(edits, onPod: pod.name, in: pod.namespace)
            words.append("pod \(pod.namespace)/\(pod.name) with \(edits.map(\.text).joined(separator: " "))")
        }
        let line = "note: what if: \(words.joined(separator: ", ")); nothing was changed"
        if environment.notes.take(line) { environment.note(line) }
        return Forecast(from: present, to: supposed).snapshot
    }
}
