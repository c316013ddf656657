// SPDX-License-Identifier: Apache-2.0

/// How a module's processes fared, as long as its file is the same.
struct ModuleRecord {
    struct Failure {
        var reason: String
        var count: Int
        var retryAt: ContinuousClock.Instant

        /// With the time that it still has to wait.
        func reason(at now: ContinuousClock.Instant) -> String {
            "\(reason); next start in \(max(1, wholeSeconds(retryAt - now, roundedUp: true))) s"
        }
    }

    var starts = 0
    /// In the way of a start; gone after a good answer.
    private(set) var failure: Failure?
    /// What ended the last process that ended, and when; kept although another one answers.
    private(set) var lastEnd: (reason: String, at: ContinuousClock.Instant)?

    var restarts: Int { max(0, starts - 1) }

    /// Each failure in a row makes the wait longer.
    mutating func fail(_ reason: String, _ patience: PluginPatience, at now: ContinuousClock.Instant) -> Failure {
        let count = (failure?.count ?? 0) + 1
        let failure = Failure(reason: reason, count: count, retryAt: now + patience.restart(afterFailures: count))
        self.failure = failure
        lastEnd = (reason, now)
        return failure
    }

    /// Its process is replaced, and nothing has to wait.
    mutating func replace(_ reason: String, at now: ContinuousClock.Instant) {
        lastEnd = (reason, now)
    }

    mutating func succeed() { failure = nil }

    /// What to know of a module that answers.
    func remark(at now: ContinuousClock.Instant) -> String? {
        lastEnd.map { "started anew; \(wholeSeconds(now - $0.at, roundedUp: false)) s ago it \($0.reason)" }
    }
}

private func wholeSeconds(_ duration: Duration, roundedUp: Bool) -> Int64 {
    let parts = duration.components
    return parts.seconds + (roundedUp && parts.attoseconds > 0 ? 1 : 0)
}
