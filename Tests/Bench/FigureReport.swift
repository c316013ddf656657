import TestKit

/// Figures as text for people and as JSON lines.
enum FigureReport {
    static func print(_ figure: Figure) {
        let count = figure.rounds[Figure.own]?.compactMap(\.self).count ?? 0
        Swift.print("\(figure.title), \(figure.unit)" + (count > 1 ? " (median of \(count))" : ""))
        for contestant in figure.contestants { Swift.print(line(figure, contestant)) }
        for wanted in figure.wanted { Swift.print("  wanted: " + verdict(figure, wanted)) }
    }

    private static func line(_ figure: Figure, _ contestant: String) -> String {
        let spread = figure.spread(contestant).map { $0 == 0 ? "" : "±\(number($0 * 100, 1)) %" } ?? ""
        let shown = figure.value(contestant).map { number($0, figure.digits) } ?? "no figure"
        let ratio = contestant == Figure.own ? nil : figure.ratio(to: contestant)
        return "  \(contestant)".padded(to: 26) + shown.padded(to: 12) + spread.padded(to: 10)
            + (ratio.map { "ours / \(contestant) \(number($0, 2))" } ?? "")
    }

    private static func verdict(_ figure: Figure, _ wanted: Wanted) -> String {
        let (words, found) = words(figure, wanted)
        guard let isReached = figure.reaches(wanted) else { return "\(words): not measured" }
        return "\(words): \(isReached ? "reached" : "NOT reached") (\(found))"
    }

    private static func words(_ figure: Figure, _ wanted: Wanted) -> (String, String) {
        let own = figure.value(Figure.own).map { number($0, figure.digits) } ?? ""
        return switch wanted {
        case .atMostTimes(let bound, let peer): ("at most \(number(bound, 2)) × \(peer)", number(figure.ratio(to: peer) ?? 0, 2))
        case .atLeastTimes(let bound, let peer): ("at least \(number(bound, 2)) × \(peer)", number(figure.ratio(to: peer) ?? 0, 2))
        case .atMostMore(let bound, let peer):
            ("at most \(number(bound, 0)) more than \(peer)", number(figure.difference(to: peer) ?? 0, 1))
        case .atMost(let bound): ("at most \(number(bound, 0))", own)
        case .atLeast(let bound): ("at least \(number(bound, 0))", own)
        }
    }

    static func append(_ figure: Figure, to file: String) throws {
        let others = figure.contestants.filter { $0 != Figure.own }
        let peers = others.map { "\"\($0)\":\(json(figure.value($0), figure.digits))" }.joined(separator: ",")
        let reached = figure.wanted.compactMap { figure.reaches($0) }
        let verdict = reached.isEmpty ? "" : ",\"reached\":\(!reached.contains(false))"
        let spread = figure.spread(Figure.own).map { ",\"spread\":\(number($0, 3))" } ?? ""
        let line =
            "{\"name\":\"\(figure.name)\",\"unit\":\"\(figure.unit)\",\"ours\":\(json(figure.value(Figure.own), figure.digits))"
            + ",\"peers\":{\(peers)}\(spread)\(verdict),\"note\":\"\(figure.note)\"}\n"
        try FileText.write((FileText.read(file) ?? "") + line, to: file)
    }

    private static func json(_ value: Double?, _ digits: Int) -> String { value.map { number($0, digits) } ?? "null" }

    /// With so many digits after the point.
    static func number(_ value: Double, _ digits: Int) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "null" }
        let scale = (0..<digits).reduce(1) { scale, _ in scale * 10 }
        let scaled = Int((abs(value) * Double(scale)).rounded())
        let sign = value < 0 && scaled != 0 ? "-" : ""
        guard digits > 0 else { return sign + String(scaled) }
        let rest = String(scaled % scale)
        return "\(sign)\(scaled / scale)." + String(repeating: "0", count: digits - rest.count) + rest
    }
}

extension String {
    func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(1, width - count))
    }
}
