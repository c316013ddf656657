import EgressModel
import EgressPorts
import JSONText
import Synchronization

/// Where objects of a kind are, as the API server says (discovery of one group and version); remembered.
final class ResourceKinds: Sendable {
    private let client: KubeClient
    private let known = Mutex<[String: [String: Resource]]>([:])

    struct Resource: Sendable, Hashable {
        var plural: String
        var isNamespaced: Bool
    }

    init(client: KubeClient) { self.client = client }

    /// `nil` where the server has no such kind.
    func resource(apiVersion: String, kind: String) async throws(APIError) -> Resource? {
        if let resource = known.withLock({ $0[apiVersion]?[kind] }) { return resource }
        let parts = apiVersion.split(separator: "/", omittingEmptySubsequences: false).map { percentEncoded(String($0)) }
        let path: String
        switch parts.count {
        case 1: path = "/api/\(parts[0])"
        case 2: path = "/apis/\(parts[0])/\(parts[1])"
        default: return nil
        }
        do throws(APIError) {
            let resources = Self.resources(try await client.getRaw(path))
            known.withLock { $0[apiVersion] = resources }
            return resources[kind]
        } catch {
            if error.isNotFound { return nil }
            throw error
        }
    }

    /// The object's path, in the current namespace where it names none; `nil` where the server has no such kind.
    func path(of manifest: Manifest) async throws(APIError) -> ResourcePath? {
        guard let resource = try await resource(apiVersion: manifest.apiVersion, kind: manifest.object.kind) else { return nil }
        let parts = manifest.apiVersion.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let namespace = resource.isNamespaced ? manifest.object.namespace ?? client.namespace : nil
        return ResourcePath(
            parts.count == 2 ? parts[0] : "", parts.last ?? "", resource.plural, namespace: namespace, name: manifest.object.name)
    }

    private static func resources(_ list: JSONValue) -> [String: Resource] {
        var resources: [String: Resource] = [:]
        for entry in list["resources"]?.arrayValue ?? [] {
            // Parts of an object, such as `pods/status`, have kinds too.
            guard let plural = entry["name"]?.stringValue, !plural.contains("/"), let kind = entry["kind"]?.stringValue,
                resources[kind] == nil
            else { continue }
            resources[kind] = Resource(plural: plural, isNamespaced: entry["namespaced"]?.boolValue ?? false)
        }
        return resources
    }
}
