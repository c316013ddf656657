/// A table whose rows come one by one: columns grow with what they hold, and never shrink again.
struct FlowTable: Sendable {
    let isWide: Bool
    /// Of the terminal; `nil` cuts nothing.
    let width: Int?
    private var widths: [Int]
    private var hasHeader = false

    private static let gap = 3
    /// Pods' names are shortened where a line doesn't fit, down to so many characters.
    private static let (podColumn, narrowestPod) = (2, 12)

    init(isWide: Bool, width: Int?) {
        self.isWide = isWide
        self.width = isWide ? nil : width
        widths = titles(isWide: isWide).map(\.count)
    }

    /// The lines for one more row: before the first also the titles.
    mutating func lines(_ cells: [String]) -> String {
        var cells = cells.map { $0.isEmpty ? Table.none : plainText($0) }
        cells[Self.podColumn] = fitting(cells)
        for (at, cell) in cells.enumerated() where at < widths.count { widths[at] = max(widths[at], cell.count) }
        let head = hasHeader ? "" : line(titles(isWide: isWide))
        hasHeader = true
        return head + line(cells)
    }

    private func fitting(_ cells: [String]) -> String {
        let pod = cells[Self.podColumn]
        guard let width else { return pod }
        let taken = zip(cells, widths).map { max($0.count, $1) }
        let others = taken.enumerated().reduce(0) { $0 + ($1.offset == Self.podColumn ? 0 : $1.element + Self.gap) }
        return Table.shorten(pod, to: min(pod.count, max(Self.narrowestPod, width - others)))
    }

    private func line(_ cells: [String]) -> String {
        var text = ""
        for (at, cell) in cells.enumerated() {
            let isLast = at == cells.count - 1
            text += cell + (isLast ? "" : String(repeating: " ", count: max(0, widths[at] - cell.count) + Self.gap))
        }
        return text + "\n"
    }
}

private func titles(isWide: Bool) -> [String] {
    ["TIME", "EVENT", "POD", "EGRESS", "REMOTE"] + (isWide ? ["POLICY", "SOURCE", "POD-NODE", "GATEWAY", "REASON"] : [])
}
