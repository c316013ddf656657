import FoundationEssentials

/// Seconds since 1970 of an RFC 3339 time, fractions cut off; `nil` when it isn't one.
func secondsSinceEpoch(rfc3339 text: String) -> Int64? {
    let plain = Date.ISO8601FormatStyle(includingFractionalSeconds: false)
    let fraction = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    guard let date = (try? plain.parse(text)) ?? (try? fraction.parse(text)) else { return nil }
    return Int64(exactly: date.timeIntervalSince1970.rounded(.down))
}

/// `2026-11-22T10:00:00Z`.
func rfc3339(secondsSinceEpoch seconds: Int64) -> String {
    Date(timeIntervalSince1970: Double(seconds)).formatted(Date.ISO8601FormatStyle())
}

/// An age as kubectl prints it: `14s`, `5m`, `3h`, `2d`.
func age(of seconds: Int64) -> String {
    switch max(0, seconds) {
    case let s where s < 120: "\(s)s"
    case let s where s < 7200: "\(s / 60)m"
    case let s where s < 172_800: "\(s / 3600)h"
    case let s: "\(s / 86400)d"
    }
}
