import Glibc

/// Times as Kubernetes writes them.
enum Timestamp {
    /// `2026-11-22T10:00:00Z` of a time with or without a fraction; `nil` for any other form.
    static func wholeSeconds(_ text: String) -> String? {
        let bytes = Array(text.utf8)
        let form = Array("0000-00-00T00:00:00".utf8)
        guard bytes.count > form.count, bytes.last == UInt8(ascii: "Z") else { return nil }
        let fits = zip(bytes, form).allSatisfy { byte, expected in
            expected == UInt8(ascii: "0") ? (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) : byte == expected
        }
        return fits ? String(decoding: bytes.prefix(form.count), as: UTF8.self) + "Z" : nil
    }

    /// Now, as a MicroTime: `2026-11-22T10:00:00.000000Z`.
    static func now() -> String {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return text(seconds: Int64(time.tv_sec), microseconds: Int64(time.tv_nsec) / 1000)
    }

    static func text(seconds: Int64, microseconds: Int64 = 0) -> String {
        var moment = time_t(seconds)
        var parts = tm()
        gmtime_r(&moment, &parts)
        let date = [Int(parts.tm_year) + 1900, Int(parts.tm_mon) + 1, Int(parts.tm_mday)].map(Self.twoDigits).joined(separator: "-")
        let time = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { twoDigits(Int($0)) }.joined(separator: ":")
        let fraction = String(max(0, min(999_999, microseconds)))
        return "\(date)T\(time).\(String(repeating: "0", count: 6 - fraction.count))\(fraction)Z"
    }

    static func secondsNow() -> Int64 { Int64(time(nil)) }

    private static func twoDigits(_ number: Int) -> String { (number < 10 ? "0" : "") + String(number) }
}
