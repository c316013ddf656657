import EgressModel
import EgressPolicy

extension CommandEnvironment {
    static let snapshotVariable = "KUBECTL_EGRESS_SNAPSHOT"

    /// Where `--snapshot`, or the environment, says that the cluster's state is.
    func snapshotPath(_ options: GlobalOptions) throws(CommandError) -> String {
        if let path = options.snapshot ?? variables[Self.snapshotVariable], !path.isEmpty { return path }
        throw CommandError(
            "no cluster to read: this version doesn't read from a Kubernetes API yet",
            hints: [
                "pass --snapshot DIR (a folder of manifests that agents share, a file, or - for standard input),",
                "or set \(Self.snapshotVariable)",
            ])
    }

    func cluster(_ options: GlobalOptions) throws -> any Cluster {
        try openCluster(try snapshotPath(options))
    }

    /// The helper's socket for a node: `{node}` in the option stands for its name.
    static func socketPath(_ pattern: String, node: String?) throws(CommandError) -> String {
        let parts = pattern.components(separatedBy: "{node}")
        guard parts.count > 1 else { return pattern }
        guard let node else { throw CommandError("--socket \(pattern): {node} needs --node NAME") }
        return parts.joined(separator: node)
    }
}

extension String {
    /// The pieces between occurrences of a separator.
    func components(separatedBy separator: String) -> [String] {
        var pieces: [String] = []
        var rest = self[...]
        while let range = rest.firstRange(of: separator) {
            pieces.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        return pieces + [String(rest)]
    }
}
