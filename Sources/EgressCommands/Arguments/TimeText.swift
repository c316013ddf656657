/// What Go's time.Duration holds, 2^63 nanoseconds: some 292 years.
private let longestDuration = 9_223_372_036.0

/// Reads a duration as kubectl takes it: `60`, `60s`, `1m30s`, `2h`, `500ms`; `nil` when it isn't one. In seconds.
func seconds(fromDuration text: String) -> Double? {
    if let whole = Int(text) { return whole >= 0 && Double(whole) <= longestDuration ? Double(whole) : nil }
    let units: [(String, Double)] = [("ms", 0.001), ("h", 3600), ("m", 60), ("s", 1)]
    var rest = text[...]
    var total = 0.0
    while !rest.isEmpty {
        let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard let number = Double(digits), number.isFinite else { return nil }
        rest = rest.dropFirst(digits.count)
        guard let (unit, factor) = units.first(where: { rest.hasPrefix($0.0) }) else { return nil }
        rest = rest.dropFirst(unit.count)
        total += number * factor
    }
    return text.isEmpty || total > longestDuration ? nil : total
}
