import FoundationEssentials

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
