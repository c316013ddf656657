import Glibc
import TestKit

/// Processor time of this program, and of the kernel's thread that takes over softirqs on its processor: what other
/// programs on the machine do is left out, but for what they do to caches. Nanoseconds.
struct ProcessorTime {
    private let start: Double
    private static let softirqd = findSoftirqd()

    init() {
        start = Self.now()
    }

    var elapsed: Double { Self.now() - start }

    private static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec) + (softirqd.map(nanosecondsOfThread) ?? 0)
    }

    private static func nanosecondsOfThread(_ id: Int) -> Double {
        let words = FileText.read("/proc/\(id)/schedstat")?.split(separator: " ")
        return words?.first.flatMap { Double($0) } ?? 0
    }

    /// `ksoftirqd` of the processor that this thread runs on; the caller binds it to one.
    private static func findSoftirqd() -> Int? {
        // Its name, in brackets, is the second word; the processor is the 39th.
        let own = FileText.read("/proc/thread-self/stat")?.split(separator: ")").last?.split(separator: " ")
        guard let own, own.count > 36, let processor = Int(own[36]) else { return nil }
        return (2..<4096).first { FileText.read("/proc/\($0)/comm") == "ksoftirqd/\(processor)\n" }
    }
}
