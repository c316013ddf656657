import EgressCommands
import EgressModel
import EgressPorts
import JSONText
import KubeObjects
import Synchronization

/// A cluster in memory: a stand-in for a folder, for tests of what commands do with one.
final class FakeCluster: Cluster {
    private struct State {
        var snapshot: ClusterSnapshot
        var reports: [EgressNode] = []
        var followers: [AsyncStream<Void>.Continuation] = []
        var failure: CommandError?
    }

    let source = "fake"
    private let state: Mutex<State>

    init(_ snapshot: ClusterSnapshot) { state = Mutex(State(snapshot: snapshot)) }

    func snapshot() async throws -> ClusterSnapshot {
        try state.withLock { state in
            if let failure = state.failure { throw failure }
            return state.snapshot
        }
    }

    func changes() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        continuation.yield()
        state.withLock { $0.followers.append(continuation) }
        return stream
    }

    func change(_ body: (inout ClusterSnapshot) -> Void) {
        state.withLock { state in
            body(&state.snapshot)
            state.followers.forEach { $0.yield() }
        }
    }

    func fail(_ error: CommandError?) {
        state.withLock { state in
            state.failure = error
            state.followers.forEach { $0.yield() }
        }
    }

    var reports: [EgressNode] { state.withLock { $0.reports } }

    func report(_ node: EgressNode) async throws {
        state.withLock { $0.reports.append(node) }
        change { $0.egressNodes = $0.egressNodes.filter { $0.name != node.name } + [node] }
    }

    /// Takes policies in, generations as a store counts them.
    func apply(_ manifests: [Manifest]) async throws -> [AppliedObject] {
        var applied: [AppliedObject] = []
        for manifest in manifests {
            guard case .policy(var object)? = KubeReading(manifest.json, file: "fake").documents.first?.decoded().object else {
                applied.append(AppliedObject(object: manifest.object, change: .created, uid: "u", generation: 1))
                continue
            }
            change { snapshot in
                let present = snapshot.policies.first { $0.metadata.name == object.metadata.name }
                object.metadata.uid = present?.metadata.uid ?? "uid-" + object.metadata.name
                object.metadata.generation = (present?.metadata.generation ?? 0) + 1
                object.policy?.metadata = object.metadata
                snapshot.policies = snapshot.policies.filter { $0.metadata.name != object.metadata.name } + [object]
                applied.append(
                    AppliedObject(
                        object: manifest.object, change: present == nil ? .created : .configured, uid: object.metadata.uid,
                        generation: object.metadata.generation))
            }
        }
        return applied
    }

    func tunnelTokens() async throws -> [[UInt8]] { [Array(1...12)] }
}
