import EgressModel
import EgressPorts
import JSONText
import KubeObjects

/// Manifests as a part of a cluster, to be put over the one that is there.
///
/// A policy means what its manifest says. Of other objects, what the manifest doesn't mention stays as it is, as server-side
/// apply leaves what others own. What an API server would default isn't known here.
struct ManifestOverlay: Sendable {
    /// The objects of kinds that egress reads.
    private(set) var objects: ClusterSnapshot

    /// Whether nothing here can change how a pod leaves.
    var isEmpty: Bool { objects == ClusterSnapshot() }

    init(_ items: [CheckedManifests.Item], over cluster: any Cluster) async throws {
        var reading = KubeReading("", file: "")
        for item in items {
            let file = item.manifest.place?.file ?? ""
            let own = KubeReading(item.manifest.json, file: file, format: .json)
            switch own.documents.first?.decoded().object {
            case nil, .other, .unreadable: continue
            case .policy: reading.append(own)
            case .node, .namespace, .pod, .service, .egressNode, .configuration, .mesh, .connections:
                let present = try await cluster.object(item.manifest.object, apiVersion: item.manifest.apiVersion)
                reading.append(KubeReading(Self.merged(item.manifest.json, over: present), file: file, format: .json))
            }
        }
        objects = clusterSnapshot(from: reading)
        // What is wrong with a manifest is said with its place in the file, which the objects here have lost.
        objects.findings = []
        for index in objects.policies.indices { objects.policies[index].findings = [] }
    }

    /// Findings of the manifests, of each policy with the policy, so that they count as the objects' own.
    mutating func add(_ findings: [Finding]) {
        for index in objects.policies.indices {
            let reference = ObjectReference(kind: StatusReport.policyKind, name: objects.policies[index].metadata.name)
            objects.policies[index].findings = findings.filter { $0.object == reference }
        }
        let policies = Set(objects.policies.map(\.metadata.name))
        objects.findings = findings.filter { !($0.object?.kind == StatusReport.policyKind && policies.contains($0.object?.name ?? "")) }
    }

    private static func merged(_ wanted: String, over present: String?) -> String {
        guard let present, let old = try? JSONValue(parsing: present), let new = try? JSONValue(parsing: wanted) else { return wanted }
        return merge(new, over: old).text(sorted: true)
    }

    /// Objects member by member, `null` takes away; a list is taken whole.
    private static func merge(_ new: JSONValue, over old: JSONValue) -> JSONValue {
        guard case .object(let wanted) = new, case .object(var result) = old else { return new }
        for member in wanted.members {
            result[member.key] = member.value.isNull ? nil : result[member.key].map { merge(member.value, over: $0) } ?? member.value
        }
        return .object(result)
    }
}
