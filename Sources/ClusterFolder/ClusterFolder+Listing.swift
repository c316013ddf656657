public import EgressModel
public import EgressPorts
import JSONText
import KubeObjects

extension ClusterFolder: ClusterNaming, ClusterExporting, ObjectReading {
    public func names(of kind: NamedKind, namespace: String?) async throws -> [ObjectName] {
        let snapshot = try await snapshot()
        let names: [ObjectName] =
            switch kind {
            case .namespace: Set(snapshot.namespaces.map(\.name) + snapshot.pods.map(\.namespace)).map { ObjectName($0) }
            case .node: snapshot.nodes.map { ObjectName($0.name, remark: $0.isReady ? "Ready" : "NotReady") }
            case .pod: snapshot.pods.filter { namespace == nil || $0.namespace == namespace }.map(Self.name)
            case .policy:
                snapshot.policies.map { object in
                    let destinations = object.policy?.destinationCIDRs.prefix(3).map(\.description).joined(separator: ",")
                    return ObjectName(object.metadata.name, remark: destinations ?? "rejected")
                }
            case .gateway:
                snapshot.mesh.gateways.filter { namespace == nil || $0.namespace == namespace }.map {
                    ObjectName($0.name, remark: $0.className ?? $0.api.rawValue)
                }
            case .egressIP:
                Dictionary(
                    grouping: snapshot.egressNodes.flatMap(\.resolutions).flatMap { entry in
                        (entry.ipv4 + entry.ipv6).map { (address: $0, policy: entry.policy) }
                    }, by: \.address
                ).map { ObjectName($0.description, remark: Set($1.map(\.policy)).sorted().joined(separator: ",")) }
            }
        return names.sorted { $0.name < $1.name }
    }

    private static func name(_ pod: Pod) -> ObjectName {
        let parts = [pod.phase.rawValue, pod.addresses.first?.description, pod.nodeName] as [String?]
        return ObjectName(pod.name, remark: parts.compactMap(\.self).joined(separator: " "))
    }

    public func manifests() -> AsyncThrowingStream<String, any Error> {
        AsyncThrowingStream { continuation in
            do {
                for document in try reading().documents { continuation.yield(document.json.text(sorted: true)) }
                continuation.finish()
            } catch {
                continuation.finish(throwing: error)
            }
        }
    }

    public func object(_ reference: ObjectReference, apiVersion: String) async throws -> String? {
        let group = apiVersion.contains("/") ? String(apiVersion.prefix { $0 != "/" }) : ""
        return try reading().documents.last { $0.reference == reference && $0.identity.group == group }?.json.text(sorted: true)
    }

    public func serverVersion() async throws -> String? { nil }
}
