import EgressModel
import EgressPorts
import JSONText
import Logging
import Synchronization

/// Locks of egress addresses for one node's agent.
///
/// Locks are not renewed, and from the first one on all of them are followed by one watch: a node that waits for another's
/// lock asks the server nothing until the watch, or the holder's heartbeat, says that it may be free.
final class AddressLocks: Sendable {
    let client: KubeClient
    let informers: Weak<Informers>
    private let log: Logger
    private let patience: Int64
    private let secondLook: Duration
    let state = Mutex(State())

    struct State {
        /// Every lock of the cluster by its name; `nil` until it was read.
        var known: [String: AddressLease]?
        var watch: Task<Void, Never>?
        var isEnded = false
        /// Heartbeats that looked old, and since when they are seen to be the same by our own clock.
        var suspects: [String: (renewed: String, since: ContinuousClock.Instant)] = [:]
    }

    /// - Parameters:
    ///   - patience: seconds without a heartbeat after which a holder may be gone.
    ///   - secondLook: how long an old heartbeat must be seen unchanged besides, so that clocks that differ take nothing
    ///     from a node that is alive; longer than heartbeats are apart.
    init(
        client: KubeClient, informers: Informers, log: Logger, patience: Int64 = AddressLock.patience,
        secondLook: Duration = .seconds(15)
    ) {
        self.client = client
        self.informers = Weak(informers)
        self.log = log
        self.patience = patience
        self.secondLook = secondLook
    }

    deinit { end() }

    func end() {
        state.withLock { state in
            state.isEnded = true
            return state.watch
        }?.cancel()
    }

    func hold(_ address: IPAddress, node: String) async throws -> AddressLock {
        do throws(APIError) {
            try await follow()
            if let holder = busyHolder(of: address, node) { return .heldBy(node: holder) }
            return try await create(address, node)
        } catch {
            throw error.clusterError()
        }
    }

    func release(_ address: IPAddress, node: String) async throws {
        let path = AddressLease.path(of: address)
        do throws(APIError) {
            let lease = try await client.get(path)
            guard lease["spec"]?["holderIdentity"]?.stringValue == node else { return }
            try await client.delete(path, only: lease)
            forget(address)
        } catch {
            guard error.isNotFound else { throw error.clusterError() }
            forget(address)
        }
    }

    /// From memory once locks are followed; before that by one list, after which they are followed when there are any.
    func held(by node: String) async throws -> Set<IPAddress> {
        do throws(APIError) {
            var known = state.withLock(\.known) ?? [:]
            if state.withLock({ $0.known == nil }) { known = try await list().locks }
            let held = known.values.filter { $0.holder == node }
            if !held.isEmpty { try await follow() }
            return Set(held.map(\.address))
        } catch {
            throw error.clusterError()
        }
    }
}

// MARK: - Taking a lock

extension AddressLocks {
    private func create(_ address: IPAddress, _ node: String) async throws(APIError) -> AddressLock {
        let owner = await nodeOwner(node, known: informers.value?.read { $0.node(node)?.metadata.uid }, client)
        for _ in 0..<3 {
            do throws(APIError) {
                take(try await client.create(AddressLease.collection, AddressLease.new(address, node: node, owner: owner)))
                return .held
            } catch {
                // Somebody has it. It may be us: an answer can get lost.
                guard error.status == 409 else { throw error }
            }
            do throws(APIError) {
                let lease = try await client.get(AddressLease.path(of: address))
                return try await settle(lease, address, node, owner)
            } catch {
                // Given back, or taken over, in between.
                guard error.isNotFound || error.status == 409 else { throw error }
            }
        }
        throw APIError(kind: .malformed, message: "the lock of \(address) changes hands all the time")
    }

    /// With the Lease that stands in the way.
    private func settle(_ object: JSONValue, _ address: IPAddress, _ node: String, _ owner: JSONValue?) async throws(APIError)
        -> AddressLock
    {
        guard let lease = AddressLease(object) else {
            throw APIError(
                kind: .malformed,
                message: "lease/\(EgressObjects.namespace)/\(AddressLock.name(of: address)) is no lock of an address: "
                    + "it lacks the label \(EgressObjects.addressLabel)=true")
        }
        take(object)
        if lease.holder == node { return .held }
        guard try await isGone(lease) else { return .heldBy(node: lease.holder) }
        take(try await client.replace(AddressLease.path(of: address), lease.takenOver(by: node, owner: owner)))
        log.notice("node \(node) took \(address) over from \(lease.holder), which is gone or silent")
        return .held
    }

    /// Whether the holder will not come back for it: read from the server, not from memory.
    private func isGone(_ lease: AddressLease) async throws(APIError) -> Bool {
        do throws(APIError) {
            _ = try await client.get(ResourcePath.nodes.named(lease.holder))
        } catch {
            guard error.isNotFound else { throw error }
            return true
        }
        let renewed: String
        do throws(APIError) {
            let heartbeat = try await client.get(AddressLease.collection.named(lease.holder))
            renewed = heartbeat["spec"]?["renewTime"]?.stringValue ?? ""
        } catch {
            guard error.isNotFound else { throw error }
            renewed = ""
        }
        // An agent that just started has no heartbeat yet, and took the lock a moment ago.
        let last = RFC3339.seconds(renewed) ?? lease.acquired ?? 0
        guard Timestamp.secondsNow() - last > patience else {
            state.withLock { $0.suspects[lease.holder] = nil }
            return false
        }
        return state.withLock { state in
            guard let suspect = state.suspects[lease.holder], suspect.renewed == renewed else {
                state.suspects[lease.holder] = (renewed, .now)
                return secondLook <= .zero
            }
            return suspect.since.duration(to: .now) >= secondLook
        }
    }

    /// Another node that has the lock and is alive, as far as is known here; then the server needn't be asked.
    private func busyHolder(of address: IPAddress, _ node: String) -> String? {
        let lease = state.withLock { $0.known?[AddressLock.name(of: address)] }
        guard let lease, lease.holder != node else { return nil }
        let (isNode, heartbeat) = informers.value?.read { ($0.node(lease.holder) != nil, $0.heartbeat(of: lease.holder)) } ?? (false, nil)
        guard isNode, let heartbeat, Timestamp.secondsNow() - heartbeat <= patience else { return nil }
        return lease.holder
    }
}
