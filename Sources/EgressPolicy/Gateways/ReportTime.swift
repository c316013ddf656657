import EgressModel

/// How old a node's report may be.
enum ReportTime {
    /// Three periods of 30 s: older is silent.
    static let silentAfter: Int64 = 90

    /// Whether the node's last report is too old at `now`. A node that never reported isn't silent: it announces nothing.
    static func isSilent(_ node: EgressNode, now: Int64?) -> Bool {
        guard let now, let text = node.reportedAt else { return false }
        guard let reported = secondsSinceEpoch(text) else { return true }
        return now > reported && now - reported > silentAfter
    }

    /// RFC 3339 with `Z` or an offset; a fraction is cut off. `nil` for anything else.
    static func secondsSinceEpoch(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes.count <= 40, bytes[4] == dash, bytes[7] == dash, bytes[10] == upperT || bytes[10] == lowerT,
            bytes[13] == colon, bytes[16] == colon, let year = number(bytes[0..<4]), let month = number(bytes[5..<7]),
            let day = number(bytes[8..<10]), let hour = number(bytes[11..<13]), let minute = number(bytes[14..<16]),
            let second = number(bytes[17..<19]), (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second <= 60
        else { return nil }
        var rest = bytes[19...]
        if rest.first == dot { rest = rest.dropFirst().drop { (zero...zero + 9).contains($0) } }
        guard let offset = offsetSeconds(rest) else { return nil }
        return daysSinceEpoch(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset
    }

    private static func offsetSeconds(_ bytes: ArraySlice<UInt8>) -> Int64? {
        let bytes = Array(bytes)
        if bytes == [UInt8(ascii: "Z")] || bytes == [UInt8(ascii: "z")] { return 0 }
        guard bytes.count == 6, bytes[0] == UInt8(ascii: "+") || bytes[0] == dash, bytes[3] == colon, let hours = number(bytes[1..<3]),
            let minutes = number(bytes[4..<6])
        else { return nil }
        return (bytes[0] == dash ? -1 : 1) * (hours * 3600 + minutes * 60)
    }

    /// Days of the proleptic Gregorian calendar, with years that begin in March so that the leap day is last.
    private static func daysSinceEpoch(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let marchYear = month <= 2 ? year - 1 : year
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let leapDays = marchYear / 4 - marchYear / 100 + marchYear / 400
        return marchYear * 365 + leapDays + dayOfYear - 719_468
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        var value: Int64 = 0
        for digit in digits {
            guard (zero...zero + 9).contains(digit) else { return nil }
            value = value * 10 + Int64(digit - zero)
        }
        return value
    }

    private static let zero = UInt8(ascii: "0")
    private static let dash = UInt8(ascii: "-")
    private static let colon = UInt8(ascii: ":")
    private static let dot = UInt8(ascii: ".")
    private static let upperT = UInt8(ascii: "T")
    private static let lowerT = UInt8(ascii: "t")
}
