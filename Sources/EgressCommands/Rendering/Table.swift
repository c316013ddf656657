/// Columns of text as kubectl prints them: upper-case headers, three spaces between, nothing after the last.
struct Table: Sendable {
    static let none = "<none>"

    struct Column: Sendable {
        var title: String
        /// May be shortened in the middle on a terminal that is too narrow.
        var canShrink: Bool

        init(_ title: String, canShrink: Bool = false) {
            self.title = title
            self.canShrink = canShrink
        }
    }

    var columns: [Column]
    var rows: [[String]] = []

    init(_ columns: [Column], rows: [[String]] = []) {
        self.columns = columns
        self.rows = rows
    }

    /// The table, a line a row. `width`: of the terminal; `nil` cuts nothing, as in a pipe.
    func text(width: Int?) -> String {
        let cells = ([columns.map(\.title)] + rows).map { $0.map { $0.isEmpty ? Self.none : plainText($0) } }
        var widths = columns.indices.map { column in cells.map { $0.indices.contains(column) ? $0[column].count : 0 }.max() ?? 0 }
        if let width { shrink(&widths, to: width) }
        return cells.map { line($0, widths: widths) + "\n" }.joined()
    }

    private static let gap = 3
    private static let narrowest = 12

    private func shrink(_ widths: inout [Int], to width: Int) {
        var excess = widths.reduce(0, +) + Self.gap * (widths.count - 1) - width
        while excess > 0 {
            let shrinkable = widths.indices.filter { columns[$0].canShrink && widths[$0] > Self.narrowest }
            guard let widest = shrinkable.max(by: { widths[$0] < widths[$1] }) else { return }
            widths[widest] -= 1
            excess -= 1
        }
    }

    private func line(_ cells: [String], widths: [Int]) -> String {
        var text = ""
        for (cell, width) in zip(cells, widths) {
            let shown = Self.shorten(cell, to: width)
            text += shown + String(repeating: " ", count: width - shown.count + Self.gap)
        }
        return String(text.reversed().drop { $0 == " " }.reversed())
    }

    /// The ends of a name tell more than its middle.
    static func shorten(_ cell: String, to width: Int) -> String {
        guard cell.count > width else { return cell }
        let kept = max(0, width - 3)
        return String(cell.prefix((kept + 1) / 2)) + "..." + String(cell.suffix(kept / 2))
    }
}
