// SPDX-License-Identifier: Apache-2.0

/// How long a module may take, and how long one that failed has to wait.
public struct PluginPatience: Sendable, Hashable {
    /// From the process's start until the module said who it is.
    public var start: Duration
    /// Of each call after that; a module that takes longer is killed.
    public var call: Duration
    /// Before the second start; twice as long each time after, and a minute at most.
    public var restart: Duration
    /// How long a list of all modules waits for those that are busy.
    public var look: Duration

    public init(
        start: Duration = .seconds(5), call: Duration = .seconds(2), restart: Duration = .seconds(1), look: Duration = .seconds(1)
    ) {
        self.start = start
        self.call = call
        self.restart = restart
        self.look = look
    }

    func restart(afterFailures count: Int) -> Duration {
        min(.seconds(60), restart * (1 << min(max(count - 1, 0), 6)))
    }
}
