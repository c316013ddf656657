import EgressPorts
import JSONText
import Logging
import Synchronization

/// The taint that keeps pods from a node whose datapath isn't there yet (``EgressTaint/notReady``).
final class StartupTaint: Sendable {
    let node: String
    private let client: KubeClient
    private let log: Logger
    private let isHinted = Mutex(false)

    private static let tries = 6

    init(node: String, client: KubeClient, log: Logger) {
        self.node = node
        self.client = client
        self.log = log
    }

    /// Removes it if it is there, and touches no other. Without the right to change nodes it stays, and the log says so once.
    func remove() async throws {
        var backOff = BackOff(from: 0.05, to: 1)
        for attempt in 1...Self.tries {
            do throws(APIError) {
                return try await removeOnce()
            } catch {
                if error.isForbidden { return hint(error) }
                // Another changed the node's taints between reading and writing: a failed `test` is 422.
                let mayPass = error.status == 409 || error.status == 422 || error.status == 429 || (error.status ?? 0) >= 500
                guard mayPass, attempt < Self.tries else { throw error.clusterError() }
                guard await Task.waited(backOff.wait(retryAfter: error.retryAfter)) else { throw CancellationError() }
            }
        }
    }

    private func removeOnce() async throws(APIError) {
        let path = ResourcePath.nodes.named(node)
        let taints = try await client.get(path)["spec"]?["taints"]?.arrayValue ?? []
        // From behind, so that positions before it stay what they are.
        let found = taints.enumerated().filter { $1["key"]?.stringValue == EgressTaint.notReady }.reversed()
        guard !found.isEmpty else { return }
        let steps = found.flatMap { position, taint -> [JSONValue] in
            let place = JSONValue.string("/spec/taints/\(position)")
            return [["op": "test", "path": place, "value": taint], ["op": "remove", "path": place]]
        }
        _ = try await client.patch(path, .json, .array(steps))
        log.info("taint \(EgressTaint.notReady) removed from node \(node)")
    }

    private func hint(_ error: APIError) {
        guard
            isHinted.withLock({ isHinted in
                defer { isHinted = true }
                return !isHinted
            })
        else { return }
        log.warning(
            "the start-up taint stays: \(error.message); allow the agent \"get\" and \"patch\" on nodes, or remove it by kubectl taint nodes \(node) \(EgressTaint.notReady)-"
        )
    }
}
