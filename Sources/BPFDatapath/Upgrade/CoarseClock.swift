import CLibBPF
import Glibc

/// Seconds of the clock by which programs note when a connection was last heard of.
func coarseSeconds() throws -> UInt32 {
    var now = timespec()
    guard clock_gettime(CLOCK_MONOTONIC_COARSE, &now) == 0 else { throw DatapathError("the clock can't be read", errno: errno) }
    return UInt32(truncatingIfNeeded: now.tv_sec)
}
