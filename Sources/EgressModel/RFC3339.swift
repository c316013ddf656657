/// Times as Kubernetes and Go write them (RFC 3339): `2026-11-22T10:00:00Z`, with a fraction or an offset from UTC.
public enum RFC3339 {
    /// Seconds since 1970-01-01T00:00:00Z, a fraction cut off; `nil` for any other form.
    public static func seconds(_ text: String) -> Int64? { moment(text)?.seconds }

    /// The same with the fraction, from 0 up to 1.
    public static func moment(_ text: String) -> (seconds: Int64, fraction: Double)? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes.count <= 40, bytes[4] == dash, bytes[7] == dash, bytes[10] == UInt8(ascii: "T"),
            bytes[13] == colon, bytes[16] == colon, let year = number(bytes[0..<4]), let month = number(bytes[5..<7]),
            let day = number(bytes[8..<10]), let hour = number(bytes[11..<13]), let minute = number(bytes[14..<16]),
            let second = number(bytes[17..<19]), (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 60
        else { return nil }
        var rest = bytes[19...]
        var part = 0.0
        if rest.first == UInt8(ascii: ".") {
            let fraction = rest.dropFirst().prefix { (zero...zero + 9).contains($0) }
            guard !fraction.isEmpty else { return nil }
            part = Double("0." + String(decoding: fraction, as: UTF8.self)) ?? 0
            rest = rest.dropFirst(1 + fraction.count)
        }
        guard let offset = offsetSeconds(Array(rest)) else { return nil }
        return (daysSinceEpoch(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset, part)
    }

    private static func offsetSeconds(_ bytes: [UInt8]) -> Int64? {
        if bytes == [UInt8(ascii: "Z")] { return 0 }
        guard bytes.count == 6, bytes[0] == UInt8(ascii: "+") || bytes[0] == dash, bytes[3] == colon, let hours = number(bytes[1..<3]),
            let minutes = number(bytes[4..<6]), hours < 24, minutes < 60
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
}
