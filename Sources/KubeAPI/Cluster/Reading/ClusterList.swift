import EgressModel
import EgressPorts

/// Reads a cluster once.
struct ClusterList: Sendable {
    let client: KubeClient
    let scope: ClusterScope

    /// Lists that run at the same time.
    private static let width = 8

    /// A kind that can't be read is said in the snapshot; that nothing can be reached, or that we aren't known there, is
    /// an error.
    func snapshot() async throws -> ClusterSnapshot {
        var tables = ClusterTables()
        var unread: [UnreadKind] = []
        var isComplete = true
        var failures: [APIError] = []
        var answers = 0
        for (collection, outcome) in await outcomes() {
            switch outcome {
            case .read(let reading):
                answers += 1
                _ = tables.replace(collection.slot, from: reading.tables)
                unread += reading.unread
                if !reading.unread.isEmpty, collection.slot.kind.isNeededToPlan { isComplete = false }
            case .notServed:
                answers += 1
                if !collection.isOptional { unread.append(collection.notServed) }
            case .failed(let error, let kinds):
                if error.isUnauthorized { throw error.clusterError() }
                if error.status == nil { failures.append(error) } else { answers += 1 }
                unread += kinds
                if collection.slot.kind.isNeededToPlan { isComplete = false }
            }
        }
        try Task.checkCancellation()
        if answers == 0, let error = failures.first { throw error.clusterError() }
        var snapshot = tables.snapshot()
        snapshot.unread = unread.filter { $0.kind != .mesh }.joined()
        snapshot.mesh.unread = unread.filter { $0.kind == .mesh }.joined()
        snapshot.isComplete = snapshot.isComplete && isComplete
        if case .node(let name) = scope { snapshot.podScope = .node(name) }
        return snapshot
    }

    private func outcomes() async -> [(ClusterCollection, CollectionLister.Outcome)] {
        let collections = ClusterCollection.listed(for: scope)
        let namespace = scope == .cluster ? client.namespace : nil
        return await withTaskGroup(of: (ClusterCollection, CollectionLister.Outcome).self) { group in
            var outcomes: [(ClusterCollection, CollectionLister.Outcome)] = []
            var waiting = collections.makeIterator()
            func startNext() {
                guard let collection = waiting.next() else { return }
                let lister = CollectionLister(client: client, collection: collection, fallbackNamespace: namespace)
                group.addTask { (collection, await lister.list()) }
            }
            for _ in 0..<Self.width { startNext() }
            for await outcome in group {
                outcomes.append(outcome)
                startNext()
            }
            return outcomes
        }
    }
}

extension ClusterCollection {
    var notServed: UnreadKind {
        UnreadKind(
            kind: slot.kind, code: .kindNotServed,
            reason: "the server doesn't have a resource type \"\(paths.first?.fullResource ?? "")\"")
    }
}

extension [UnreadKind] {
    /// In the order of kinds, each said once: several objects say ranges.
    func joined() -> [UnreadKind] {
        var seen: Set<UnreadKind> = []
        let order = ClusterKind.allCases
        return filter { seen.insert($0).inserted }.sorted { a, b in
            let (left, right) = (order.firstIndex(of: a.kind) ?? 0, order.firstIndex(of: b.kind) ?? 0)
            return left != right ? left < right : (a.namespace ?? "", a.reason) < (b.namespace ?? "", b.reason)
        }
    }
}
