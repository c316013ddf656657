import EgressModel
import EgressPorts

/// Applies the manifests of an installation.
struct InstallSteps {
    let cluster: any Cluster
    let environment: CommandEnvironment
    let mode: DryRunMode
    let format: OutputFormat
    let forcesConflicts: Bool

    /// A server's dry run can't take objects of a namespace that isn't there yet: what becomes of those is said from here.
    func apply(_ manifests: [Manifest]) async throws {
        let namespace = ObjectReference(kind: "Namespace", name: InstallManifests.namespace)
        var later: [Manifest] = []
        if mode == .server, try await cluster.object(namespace, apiVersion: "v1") == nil {
            later = manifests.filter { $0.object.namespace != nil }
        }
        let now = manifests.filter { !later.contains($0) }
        let options = ApplyOptions(isDryRun: mode == .server, forcesConflicts: forcesConflicts)
        let steps = ApplySteps(cluster: cluster, environment: environment, mode: mode, format: format, options: options, isAtOnce: false)
        _ = try await steps.apply(now.map { CheckedManifests.Item(manifest: $0, policy: nil) })
        for manifest in later {
            environment.standardOutput(format == .name ? manifest.resourceName + "\n" : "\(manifest.resourceName) created (dry run)\n")
        }
        if !later.isEmpty {
            environment.note(
                "note: the server can't judge objects of namespace \(InstallManifests.namespace) before it is there: they are marked (dry run)"
            )
        }
    }
}
