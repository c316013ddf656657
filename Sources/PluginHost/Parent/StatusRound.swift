// SPDX-License-Identifier: Apache-2.0
import EgressPlan

/// Asks several modules at once how they are, and doesn't wait for a slow one.
enum StatusRound {
    private enum Event: Sendable {
        case status(PluginStatus)
        case timeIsUp
    }

    /// By path; those that took longer than `limit` are missing, once the others are `enough`.
    static func statuses(
        of modules: [PluginModule], within limit: Duration, until enough: @Sendable ([PluginStatus]) -> Bool
    ) async -> [String: PluginStatus] {
        guard !modules.isEmpty else { return [:] }
        let (events, tell) = AsyncStream<Event>.makeStream()
        // Not structured: a task that waits for a module that hangs is left to itself.
        for module in modules { Task { tell.yield(.status(await module.status())) } }
        let clock = Task {
            try await Task.sleep(for: limit)
            tell.yield(.timeIsUp)
        }
        defer {
            clock.cancel()
            tell.finish()
        }
        var statuses: [String: PluginStatus] = [:]
        var isLate = false
        for await event in events {
            switch event {
            case .status(let status): statuses[status.module] = status
            case .timeIsUp: isLate = true
            }
            if statuses.count == modules.count || isLate && enough(Array(statuses.values)) { break }
        }
        return statuses
    }
}
