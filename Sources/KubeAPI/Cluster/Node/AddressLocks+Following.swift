import EgressModel
import EgressPorts
import JSONText
import Synchronization

/// All locks of the cluster in memory, by one list and one watch.
extension AddressLocks {
    private static let query = ListQuery(labelSelector: "\(EgressObjects.addressLabel)=true")

    func follow() async throws(APIError) {
        guard state.withLock({ $0.watch == nil && !$0.isEnded }) else { return }
        let (locks, version) = try await list()
        let owner: @Sendable () -> AddressLocks? = { [weak self] in self }
        state.withLock { state in
            guard state.watch == nil, !state.isEnded else { return }
            state.known = locks
            state.watch = Task { [client] in await Self.watch(client, from: version, owner) }
        }
    }

    func list() async throws(APIError) -> (locks: [String: AddressLease], version: String) {
        var locks: [String: AddressLease] = [:]
        do {
            let version = try await client.list(AddressLease.collection, Self.query, restart: { locks = [:] }) { page in
                for lease in page.items.compactMap({ AddressLease($0) }) { locks[AddressLock.name(of: lease.address)] = lease }
            }
            return (locks, version)
        } catch {
            throw APIError(reading: error)
        }
    }

    private static func watch(_ client: KubeClient, from first: String, _ owner: @escaping @Sendable () -> AddressLocks?) async {
        var backOff = BackOff()
        var version: String? = first
        while !Task.isCancelled, owner() != nil {
            do {
                if version == nil { version = try await owner()?.listAgain() }
                guard let from = version else { return }
                for try await event in client.watch(AddressLease.collection, query, from: from) {
                    backOff.reset()
                    switch event {
                    case .added(let object), .modified(let object):
                        owner()?.take(object)
                        version = object["metadata"]?["resourceVersion"]?.stringValue ?? version
                    case .deleted(let object):
                        if let lease = AddressLease(object) { owner()?.isDeleted(lease) }
                        version = object["metadata"]?["resourceVersion"]?.stringValue ?? version
                    case .bookmark(let seen): version = seen
                    }
                }
            } catch {
                if APIError(reading: error).isExpired { version = nil }
            }
            guard await Task.waited(backOff.wait()) else { return }
        }
    }

    private func listAgain() async throws(APIError) -> String {
        let (locks, version) = try await list()
        change { $0 = locks }
        return version
    }

    func take(_ object: JSONValue) {
        guard let lease = AddressLease(object) else { return }
        change { known in
            let name = AddressLock.name(of: lease.address)
            // The watch may be behind what we wrote or read ourselves.
            if known[name].map({ lease.isOlder(than: $0) }) != true { known[name] = lease }
        }
    }

    /// Of the watch: the lock may have been made again since.
    private func isDeleted(_ lease: AddressLease) {
        change { known in
            let name = AddressLock.name(of: lease.address)
            if known[name].map({ lease.isOlder(than: $0) }) != true { known[name] = nil }
        }
    }

    func forget(_ address: IPAddress) { change { $0[AddressLock.name(of: address)] = nil } }

    /// Wakes the agent when a lock changed hands.
    private func change(_ body: (inout [String: AddressLease]) -> Void) {
        let isNews = state.withLock { state in
            guard var known = state.known else { return false }
            let before = known.mapValues(\.holder)
            body(&known)
            state.known = known
            return known.mapValues(\.holder) != before
        }
        if isNews { informers.value?.signal() }
    }
}
