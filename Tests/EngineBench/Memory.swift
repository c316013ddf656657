import Glibc

/// This process's memory, from `/proc/self/status`, in MB of 10⁶ octets.
enum Memory {
    static var current: Double { field("VmRSS:") }
    static var peak: Double { field("VmHWM:") }

    /// The peak begins again from here (proc(5), `/proc/pid/clear_refs`).
    static func forgetPeak() {
        guard let file = fopen("/proc/self/clear_refs", "we") else { return }
        fputs("5", file)
        fclose(file)
    }

    private static func field(_ name: String) -> Double {
        guard let file = fopen("/proc/self/status", "re") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        while fgets(&line, Int32(line.count), file) != nil {
            let words = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
                .split(whereSeparator: \.isWhitespace)
            if words.first.map({ $0 == name }) == true, words.count > 1 { return (Double(words[1]) ?? 0) * 1024 / 1e6 }
        }
        return 0
    }
}

/// What this process was given of the processor, which other work on the machine doesn't lengthen.
enum Processor {
    static var time: Duration {
        var now = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now)
        return .seconds(now.tv_sec) + .nanoseconds(now.tv_nsec)
    }
}
