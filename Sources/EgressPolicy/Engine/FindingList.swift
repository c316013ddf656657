import EgressModel

/// Findings of many sources, each once and in order, however many say it.
struct FindingList: Sendable {
    private var times: [Finding: Int] = [:]

    /// Everything that is said at the beginning, in order.
    mutating func begin(_ findings: some Sequence<Finding>) -> [Finding] {
        times = [:]
        for finding in findings { times[finding, default: 0] += 1 }
        return times.keys.sorted(by: findingOrder)
    }

    /// One source says something else now.
    mutating func replace(_ old: [Finding], by new: [Finding], in list: inout [Finding]) {
        guard old != new else { return }
        for finding in new { add(finding, &list) }
        for finding in old { remove(finding, &list) }
    }

    private mutating func add(_ finding: Finding, _ list: inout [Finding]) {
        times[finding, default: 0] += 1
        guard times[finding] == 1 else { return }
        list.insert(finding, at: Self.position(of: finding, list))
    }

    private mutating func remove(_ finding: Finding, _ list: inout [Finding]) {
        guard let before = times[finding] else { return }
        times[finding] = before > 1 ? before - 1 : nil
        let position = Self.position(of: finding, list)
        if before == 1, position < list.count, list[position] == finding { list.remove(at: position) }
    }

    private static func position(of finding: Finding, _ list: [Finding]) -> Int {
        var (low, high) = (0, list.count)
        while low < high {
            let middle = (low + high) / 2
            if findingOrder(list[middle], finding) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// Each finding once.
func inOrder(_ findings: [Finding]) -> [Finding] { Set(findings).sorted(by: findingOrder) }

/// Place and hint come last in the order, so that no two different findings are ever equal in it.
func findingOrder(_ a: Finding, _ b: Finding) -> Bool {
    if a < b { return true }
    if b < a { return false }
    return (a.place?.description ?? "", a.hint ?? "") < (b.place?.description ?? "", b.hint ?? "")
}
