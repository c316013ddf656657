import Synchronization

/// Counts what is open, up to a limit.
final class OpenConnections: Sendable {
    private let limit: Int
    private let count = Mutex(0)

    init(limit: Int) {
        self.limit = limit
    }

    func enter() -> Bool {
        count.withLock {
            guard $0 < limit else { return false }
            $0 += 1
            return true
        }
    }

    func leave() { count.withLock { $0 -= 1 } }
}

/// What one connection has the helper do at this moment: requests that are not answered, answers that are not read.
final class ConnectionLoad: Sendable {
    private struct Load {
        var requests = 0
        var bytes = 0
    }

    private let limits: HelperServerLimits
    private let load = Mutex(Load())

    init(limits: HelperServerLimits) {
        self.limits = limits
    }

    /// The reason why one more request is too much; `nil` when it was counted.
    func begin() -> String? {
        load.withLock {
            guard $0.requests < limits.requestsInFlight else { return "\($0.requests) requests of this connection are not answered yet" }
            guard $0.bytes < limits.pendingBytes else { return "\($0.bytes) bytes of answers on this connection are not read yet" }
            $0.requests += 1
            return nil
        }
    }

    func end() { load.withLock { $0.requests -= 1 } }
    func willWrite(_ count: Int) { load.withLock { $0.bytes += count } }
    func didWrite(_ count: Int) { load.withLock { $0.bytes -= count } }
}
