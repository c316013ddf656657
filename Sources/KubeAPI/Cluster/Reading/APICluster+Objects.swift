public import EgressModel
public import EgressPorts
import JSONText

extension APICluster: ObjectReading {
    public func object(_ reference: ObjectReference, apiVersion: String) async throws -> String? {
        do throws(APIError) {
            let manifest = Manifest(object: reference, apiVersion: apiVersion, json: "")
            guard let path = try await kinds.path(of: manifest) else { return nil }
            return try await client.get(path).text(sorted: true)
        } catch {
            if error.isNotFound { return nil }
            throw error.clusterError(about: reference)
        }
    }

    public func serverVersion() async throws -> String? {
        do throws(APIError) {
            return try await client.getRaw("/version")["gitVersion"]?.stringValue
        } catch {
            throw error.clusterError()
        }
    }
}
