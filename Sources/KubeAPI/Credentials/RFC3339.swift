/// Times as Kubernetes writes them: `2030-01-31T23:59:60Z`, with a fraction or an offset from UTC.
enum RFC3339 {
    /// Seconds since 1970; `nil` for anything else.
    static func seconds(_ text: String) -> Double? {
        guard let match = text.wholeMatch(of: pattern) else { return nil }
        let numbers = [match.1, match.2, match.3, match.4, match.5, match.6].compactMap { Int($0) }
        guard numbers.count == 6, (1...12).contains(numbers[1]), (1...31).contains(numbers[2]), numbers[3] < 24, numbers[4] < 60,
            numbers[5] < 60, let offset = offset(match.8)
        else { return nil }
        let day = daysSince1970(year: numbers[0], month: numbers[1], day: numbers[2])
        let whole = ((day * 24 + numbers[3]) * 60 + numbers[4] - offset) * 60 + numbers[5]
        return Double(whole) + (match.7.flatMap { Double("0\($0)") } ?? 0)
    }

    private nonisolated(unsafe) static let pattern =
        /([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(\.[0-9]{1,9})?(Z|[-+][0-9]{2}:[0-9]{2})/

    /// In minutes.
    private static func offset(_ zone: Substring) -> Int? {
        if zone == "Z" { return 0 }
        let parts = zone.dropFirst().split(separator: ":").compactMap { Int($0) }
        guard parts.count == 2, parts[0] < 24, parts[1] < 60 else { return nil }
        return (zone.hasPrefix("-") ? -1 : 1) * (parts[0] * 60 + parts[1])
    }

    /// In the Gregorian calendar, counted from March, so that the day of February that comes and goes is a year's last.
    private static func daysSince1970(year: Int, month: Int, day: Int) -> Int {
        let year = month <= 2 ? year - 1 : year
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
