import EgressModel
import EgressPolicy
import EgressPorts

extension CommandEnvironment {
    static let snapshotVariable = "KUBECTL_EGRESS_SNAPSHOT"

    /// Where `--snapshot`, or else the environment, says that the cluster's state is; `nil`: ask the API.
    func snapshotPath(_ options: GlobalOptions) -> String? {
        (options.snapshot ?? variables[Self.snapshotVariable]).flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The cluster that the options mean: a folder of manifests where one is named, else the Kubernetes API.
    ///
    /// - Parameter usesInput: standard input is taken, so that a credential plugin may not ask there.
    func cluster(_ options: GlobalOptions, scope: ClusterScope = .cluster, usesInput: Bool = false) throws -> any Cluster {
        if let path = snapshotPath(options) { return try adapters.openFolder(path) }
        var access = try options.access(variables: variables)
        access.isInteractive = terminal.isInput && !usesInput
        let environment = self
        return try adapters.openAPI(access, scope, log(verbosity: access.verbosity)) { environment.warn($0) }
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
