import EgressModel
import EgressPorts
import JSONText
import KubeObjects

/// What applying would do, without doing it: every object beside the one that is there.
struct DryRun {
    let cluster: any Cluster

    func compare(_ manifests: [CheckedManifests.Item]) async throws -> [AppliedObject] {
        var compared: [AppliedObject] = []
        for item in manifests {
            let present = try await cluster.object(item.manifest.object, apiVersion: item.manifest.apiVersion)
            compared.append(AppliedObject(object: item.manifest.object, change: Self.change(item, present), uid: "", generation: 0))
        }
        return compared
    }

    private static func change(_ item: CheckedManifests.Item, _ present: String?) -> AppliedObject.Change {
        guard let present else { return .created }
        if let policy = item.policy {
            let document = KubeReading(present, file: "cluster", format: .json).documents.first
            guard case .policy(let object)? = document?.decoded().object else { return .configured }
            return object.policy.map { isSame($0, policy) } == true ? .unchanged : .configured
        }
        guard let wanted = try? JSONValue(parsing: item.manifest.json), let live = try? JSONValue(parsing: present) else {
            return .configured
        }
        return holds(live, wanted) ? .unchanged : .configured
    }

    /// Policies are compared by what they mean; labels and annotations that the manifest doesn't mention are others'.
    private static func isSame(_ live: EgressGatewayPolicy, _ wanted: EgressGatewayPolicy) -> Bool {
        let labels = wanted.metadata.labels.allSatisfy { live.metadata.labels[$0.key] == $0.value }
        let annotations = wanted.metadata.annotations.allSatisfy { live.metadata.annotations[$0.key] == $0.value }
        var wanted = wanted
        wanted.metadata = live.metadata
        return labels && annotations && wanted == live
    }

    /// Whether all that a manifest says is so already; what it doesn't mention is others'.
    private static func holds(_ live: JSONValue, _ wanted: JSONValue) -> Bool {
        switch (live, wanted) {
        case (.object(let live), .object(let wanted)):
            wanted.members.allSatisfy { member in live[member.key].map { holds($0, member.value) } ?? member.value.isNull }
        case (.array(let live), .array(let wanted)):
            live.count == wanted.count && zip(live, wanted).allSatisfy { holds($0, $1) }
        default: live == wanted
        }
    }
}
