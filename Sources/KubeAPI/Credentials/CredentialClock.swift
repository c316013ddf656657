import Glibc

/// The clocks that credentials age by, in seconds.
struct CredentialClock: Sendable {
    /// Never set back: for the age of what was read.
    var uptime: @Sendable () -> Double
    /// Since 1970: for expiry times that others wrote.
    var wall: @Sendable () -> Double

    static let system = CredentialClock(uptime: { seconds(CLOCK_MONOTONIC) }, wall: { seconds(CLOCK_REALTIME) })

    private static func seconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
