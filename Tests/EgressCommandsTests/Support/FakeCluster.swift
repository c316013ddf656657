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
        var objects: [ObjectReference: String] = [:]
        var refusals: [ObjectReference: ClusterError] = [:]
        var options: ApplyOptions?
        var reads = 0
        var events: [ClusterEvent] = []
        var isLeader = false
        var governed = 0
        /// Calls of `report`, kept or not.
        var reportCalls = 0
        /// Whatever is written fails, or the tokens can't be read.
        var writeFailure: CommandError?
        var tokenFailure: CommandError?
        /// Locks of addresses by their holders.
        var locks: [IPAddress: String] = [:]
        var lockFailure: CommandError?
        /// Reports take so long.
        var reportDelay: Duration?
    }

    let source = "fake"
    /// Of the server; a folder has none.
    let version: String?
    let currentNamespace: String?
    private let state: Mutex<State>

    init(_ snapshot: ClusterSnapshot, currentNamespace: String? = nil, version: String? = nil) {
        self.version = version
        state = Mutex(State(snapshot: snapshot))
        self.currentNamespace = currentNamespace
    }

    func snapshot() async throws -> ClusterSnapshot {
        try state.withLock { state in
            if let failure = state.failure { throw failure }
            state.reads += 1
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

    func names(of kind: NamedKind, namespace: String?) async throws -> [ObjectName] {
        let snapshot = try await snapshot()
        switch kind {
        case .namespace: return Set(snapshot.namespaces.map(\.name) + snapshot.pods.map(\.namespace)).sorted().map { ObjectName($0) }
        case .node: return snapshot.nodes.map(\.name).sorted().map { ObjectName($0) }
        case .pod:
            return snapshot.pods.filter { $0.namespace == namespace }.sorted { $0.name < $1.name }.map { pod in
                ObjectName(pod.name, remark: "\(pod.phase.rawValue) \(pod.addresses.first?.description ?? "") \(pod.nodeName ?? "")")
            }
        case .policy: return snapshot.policies.map(\.metadata.name).sorted().map { ObjectName($0) }
        case .gateway:
            return snapshot.mesh.gateways.filter { $0.namespace == namespace }.map(\.name).sorted().map { ObjectName($0) }
        case .egressIP:
            let addresses = snapshot.egressNodes.flatMap(\.resolutions).flatMap { $0.ipv4 + $0.ipv6 }
            return Set(addresses).sorted().map { ObjectName($0.description) }
        }
    }

    func manifests() -> AsyncThrowingStream<String, any Error> {
        let objects = state.withLock(\.objects).sorted { $0.key < $1.key }.map(\.value)
        return AsyncThrowingStream { continuation in
            objects.forEach { continuation.yield($0) }
            continuation.finish()
        }
    }

    /// Objects beside the snapshot, as ``object(_:apiVersion:)`` finds them.
    func keep(_ reference: ObjectReference, _ json: String?) { state.withLock { $0.objects[reference] = json } }
    /// What applying this object is answered with.
    func refuse(_ reference: ObjectReference, _ error: ClusterError?) { state.withLock { $0.refusals[reference] = error } }
    /// How often the whole state was read.
    var reads: Int { state.withLock(\.reads) }
    var lastOptions: ApplyOptions? { state.withLock(\.options) }

    func object(_ reference: ObjectReference, apiVersion: String) async throws -> String? { state.withLock { $0.objects[reference] } }
    func serverVersion() async throws -> String? { version }

    func delete(_ objects: [Manifest]) async throws -> [ObjectReference] {
        state.withLock { state in objects.map(\.object).filter { state.objects.removeValue(forKey: $0) != nil } }
    }

    func publish(_ events: [ClusterEvent]) async { state.withLock { $0.events += events } }
    func isLeader() async -> Bool { state.withLock(\.isLeader) }
    func nodeIsGoverned() async throws { state.withLock { $0.governed += 1 } }

    var events: [ClusterEvent] { state.withLock(\.events) }
    var governed: Int { state.withLock(\.governed) }
    var reportCalls: Int { state.withLock(\.reportCalls) }

    func lead(_ leads: Bool) {
        state.withLock { $0.isLeader = leads }
        change { _ in }
    }

    func failWriting(_ error: CommandError?) { state.withLock { $0.writeFailure = error } }
    func failTokens(_ error: CommandError?) { state.withLock { $0.tokenFailure = error } }
    func delayReports(_ delay: Duration?) { state.withLock { $0.reportDelay = delay } }

    var reports: [EgressNode] { state.withLock { $0.reports } }

    func report(_ node: EgressNode) async throws {
        let (delay, failure) = state.withLock { state in
            state.reportCalls += 1
            return (state.reportDelay, state.writeFailure)
        }
        if let delay { try await Task.sleep(for: delay) }
        if let failure { throw failure }
        state.withLock { $0.reports.append(node) }
        change { $0.egressNodes = $0.egressNodes.filter { $0.name != node.name } + [node] }
    }

    /// Takes policies in, generations as a store counts them.
    func apply(_ manifests: [Manifest], _ options: ApplyOptions) async throws -> [AppliedObject] {
        var applied: [AppliedObject] = []
        state.withLock { $0.options = options }
        for manifest in manifests {
            if let refusal = state.withLock({ $0.refusals[manifest.object] }) { throw refusal }
            if !options.isDryRun { keep(manifest.object, manifest.json) }
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

    var locks: [IPAddress: String] { state.withLock(\.locks) }
    func lock(_ address: IPAddress, _ holder: String?) { state.withLock { $0.locks[address] = holder } }
    func failLocks(_ error: CommandError?) { state.withLock { $0.lockFailure = error } }

    func hold(_ address: IPAddress, node: String) async throws -> AddressLock {
        try state.withLock { state in
            if let failure = state.lockFailure { throw failure }
            let holder = state.locks[address] ?? node
            state.locks[address] = holder
            return holder == node ? .held : .heldBy(node: holder)
        }
    }

    func release(_ address: IPAddress, node: String) async throws {
        try state.withLock { state in
            if let failure = state.lockFailure { throw failure }
            if state.locks[address] == node { state.locks[address] = nil }
        }
    }

    func heldAddresses(node: String) async throws -> Set<IPAddress> {
        try state.withLock { state in
            if let failure = state.lockFailure { throw failure }
            return Set(state.locks.filter { $0.value == node }.keys)
        }
    }

    func tunnelTokens() async throws -> [[UInt8]] {
        if let failure = state.withLock(\.tokenFailure) { throw failure }
        return [Array(1...12)]
    }
}
