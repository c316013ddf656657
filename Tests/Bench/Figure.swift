/// What is wanted of a figure; `peer` is what it is compared with.
enum Wanted {
    case atMostTimes(Double, peer: String)
    case atLeastTimes(Double, peer: String)
    case atMostMore(Double, peer: String)
    case atMost(Double)
    case atLeast(Double)
}

/// One figure of ours beside others of the same run.
struct Figure {
    static let own = "ours"

    /// In `.build/bench.jsonl`.
    let name: String
    /// For people.
    let title: String
    let unit: String
    var digits = 0
    var note = ""
    /// Who was measured, in order; ``own`` is one of them.
    let contestants: [String]
    var wanted: [Wanted] = []
    /// What each round gave, at the same place for all contestants; `nil` where a round failed.
    private(set) var rounds: [String: [Double?]] = [:]

    init(
        _ name: String, _ title: String, unit: String, contestants: [String] = [Figure.own], digits: Int = 0, wanted: [Wanted] = [],
        note: String = ""
    ) {
        self.name = name
        self.title = title
        self.unit = unit
        self.contestants = contestants
        self.digits = digits
        self.wanted = wanted
        self.note = note
    }

    mutating func add(_ contestant: String, _ value: Double?) { rounds[contestant, default: []].append(value) }

    func value(_ contestant: String) -> Double? { Statistics.median((rounds[contestant] ?? []).compactMap(\.self)) }

    /// Half of what lies between the quartiles, as a part of the median.
    func spread(_ contestant: String) -> Double? { Statistics.spread((rounds[contestant] ?? []).compactMap(\.self)) }

    /// Of ours to a peer's: the median of each round's own, which took both one after the other on the same machine.
    func ratio(to peer: String) -> Double? { Statistics.median(pairs(with: peer).map { $0 / $1 }) }

    func difference(to peer: String) -> Double? { Statistics.median(pairs(with: peer).map { $0 - $1 }) }

    private func pairs(with peer: String) -> [(Double, Double)] {
        zip(rounds[Self.own] ?? [], rounds[peer] ?? []).compactMap { own, other in
            guard let own, let other, other != 0 else { return nil }
            return (own, other)
        }
    }

    /// Whether it is reached; `nil` when it couldn't be measured.
    func reaches(_ wanted: Wanted) -> Bool? {
        switch wanted {
        case .atMostTimes(let bound, let peer): ratio(to: peer).map { $0 <= bound }
        case .atLeastTimes(let bound, let peer): ratio(to: peer).map { $0 >= bound }
        case .atMostMore(let bound, let peer): difference(to: peer).map { $0 <= bound }
        case .atMost(let bound): value(Self.own).map { $0 <= bound }
        case .atLeast(let bound): value(Self.own).map { $0 >= bound }
        }
    }
}

enum Statistics {
    static func median(_ values: [Double]) -> Double? { quantile(values, 0.5) }

    static func spread(_ values: [Double]) -> Double? {
        guard let low = quantile(values, 0.25), let high = quantile(values, 0.75), let middle = median(values), middle != 0 else {
            return nil
        }
        return (high - low) / 2 / middle
    }

    /// With a straight line between neighbours.
    private static func quantile(_ values: [Double], _ part: Double) -> Double? {
        guard let last = values.indices.last else { return nil }
        let sorted = values.sorted()
        let place = Double(last) * part
        let below = Int(place)
        let above = min(below + 1, last)
        return sorted[below] + (sorted[above] - sorted[below]) * (place - Double(below))
    }
}
