/// Time, passed in so that tests hold it.
public protocol WallClock: Sendable {
    /// Seconds since 1970-01-01T00:00:00Z.
    func secondsSinceEpoch() -> Int64
    func sleep(seconds: Double) async throws
}
