public import EgressModel
public import EgressPorts
import Glibc

extension ClusterFolder: AddressLocking {
    public func hold(_ address: IPAddress, node: String) async throws -> AddressLock {
        let snapshot = try await snapshot()
        let now = Int64(time(nil))
        do {
            return try await addressLocks().hold(address, node: node) { Self.isGone($0, snapshot, now) }
        } catch let error as SystemError {
            throw error.asClusterError()
        }
    }

    public func release(_ address: IPAddress, node: String) async throws {
        do {
            try await addressLocks().release(address, node: node)
        } catch let error as SystemError {
            throw error.asClusterError()
        }
    }

    public func heldAddresses(node: String) async throws -> Set<IPAddress> {
        do {
            return try addressLocks().addresses(of: node)
        } catch let error as SystemError {
            throw error.asClusterError()
        }
    }

    /// A folder that wasn't read whole tells nothing. A holder that never reported isn't at work.
    private static func isGone(_ holder: String, _ snapshot: ClusterSnapshot, _ now: Int64) -> Bool {
        guard snapshot.canBePlanned else { return false }
        guard snapshot.nodes.contains(where: { $0.name == holder }) else { return true }
        let reported = snapshot.egressNodes.first { $0.name == holder }?.reportedAt.flatMap(RFC3339.seconds)
        return reported.map { now - $0 > AddressLock.patience } ?? true
    }
}
