import EgressModel
import EgressPorts
import JSONText

/// Whose the definition of CiliumEgressGatewayPolicy is in a cluster.
enum PolicyDefinition: Sendable, Hashable {
    case missing
    /// We applied it, so that we may change it and take it away.
    case ours
    /// Somebody else's: it stays as it is. Whose, as far as the object says.
    case foreign(String)

    static func found(in cluster: any Cluster) async throws -> PolicyDefinition {
        let reference = InstallManifests.policyDefinition
        guard let text = try await cluster.object(reference, apiVersion: "apiextensions.k8s.io/v1"),
            let object = try? JSONValue(parsing: text)
        else { return .missing }
        let metadata = object["metadata"]
        // Who wrote its specification; the API server itself writes status.
        let managers = (metadata?["managedFields"]?.arrayValue ?? []).filter { $0["fieldsV1"]?["f:spec"] != nil }
            .compactMap { $0["manager"]?.stringValue }
        // Cilium's operator marks what it registers with the version of its schema.
        let isCilium = metadata?["labels"]?["io.cilium.k8s.crd.schema.version"] != nil
        if !isCilium, managers.contains(ApplyOptions.standardManager) { return .ours }
        return .foreign(isCilium ? "Cilium" : managers.first ?? "somebody else")
    }
}
