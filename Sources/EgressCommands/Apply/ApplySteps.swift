import EgressModel
import EgressPorts

/// Applies manifests and says of each what became of it.
struct ApplySteps {
    let cluster: any Cluster
    let environment: CommandEnvironment
    let mode: DryRunMode
    let format: OutputFormat
    let options: ApplyOptions
    /// All or nothing, as a folder does it; an API server takes objects one by one.
    let isAtOnce: Bool

    /// One object that is refused keeps no other from being applied, as with kubectl; all refusals are thrown at the end.
    func apply(_ items: [CheckedManifests.Item]) async throws -> [AppliedObject] {
        if mode == .client {
            let compared = try await DryRun(cluster: cluster).compare(items)
            for (item, object) in zip(items, compared) { say(object, item.manifest) }
            return compared
        }
        if isAtOnce {
            let applied = try await cluster.apply(items.map(\.manifest), options)
            for object in applied {
                if let item = items.first(where: { $0.manifest.object == object.object }) { say(object, item.manifest) }
            }
            return applied
        }
        return try await applyOneByOne(items.map(\.manifest))
    }

    private func applyOneByOne(_ manifests: [Manifest]) async throws -> [AppliedObject] {
        var applied: [AppliedObject] = []
        var refusals: [CommandError] = []
        for (index, manifest) in manifests.enumerated() {
            do {
                let objects = try await cluster.apply([manifest], options)
                for object in objects { say(object, manifest) }
                applied += objects
            } catch let error as ClusterError {
                refusals.append(await refusal(error, of: manifest))
                guard Self.isAboutObject(error) else {
                    let rest = manifests.count - index - 1
                    if rest > 0 {
                        refusals.append(CommandError(lines: ["error: \(counted(rest, "object was", "objects were")) not tried"]))
                    }
                    break
                }
            }
        }
        guard refusals.isEmpty else {
            throw CommandError(lines: refusals.flatMap(\.lines), hints: refusals.flatMap(\.hints).uniqued())
        }
        return applied
    }

    /// Whether another object may fare better.
    private static func isAboutObject(_ error: ClusterError) -> Bool {
        !error.conflicts.isEmpty || !error.findings.isEmpty || error.voice == .verbatim && error.message.hasPrefix("Error from server (")
            || error.voice == .verbatim && error.message.hasPrefix("The ") && error.message.contains(" is invalid")
            || error.voice == .ours && error.message.hasPrefix("resource mapping not found")
    }

    private func refusal(_ error: ClusterError, of manifest: Manifest) async -> CommandError {
        guard !error.conflicts.isEmpty else { return CommandError(error) }
        let live = try? await cluster.object(manifest.object, apiVersion: manifest.apiVersion)
        return FieldConflictText(manifest: manifest, live: live, conflicts: error.conflicts).error
    }

    private func say(_ object: AppliedObject, _ manifest: Manifest) {
        let name = object.object.resourceName(apiVersion: manifest.apiVersion)
        let text = format == .name ? name : "\(name) \(object.change.rawValue)\(mode.suffix)"
        environment.standardOutput(plainText(text) + "\n")
    }
}

extension Array where Element: Hashable {
    /// Each once, in their order.
    func uniqued() -> [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}
