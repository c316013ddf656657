import EgressPolicy

/// Where boxes and edges of a graph stand in a picture: columns from left to right, boxes one below the other.
///
/// Lengths are CSS pixels.
struct GraphLayout: Sendable {
    struct PlacedBox: Sendable {
        var box: EgressGraph.Box
        /// The box's details, broken to its width.
        var details: [String]
        var x: Double
        var y: Double
        var height: Double
    }

    /// All edges between two boxes as one line.
    struct Line: Sendable {
        var from: PlacedBox
        var to: PlacedBox
        /// Heights at which it leaves the one and reaches the other: lines of a box stand apart.
        var start = 0.0
        var end = 0.0
        /// Whether there is room for the number of pods.
        var hasLabel = true
        var policies: [String]
        var pods: Int
        var state: EgressGraph.Box.State
    }

    static let boxWidth = 220.0
    static let headingHeight = 34.0
    /// Boxes of a column that are drawn; more are counted below.
    static let columnLimit = 120

    private static let columnGap = 110.0
    private static let rowGap = 16.0
    private static let titleHeight = 30.0
    private static let lineHeight = 17.0
    /// Characters of a detail's line, and lines of all details, that fit a box.
    private static let (detailWidth, detailLimit) = (26, 6)
    /// Pixels between two lines at a box that leave room for a label.
    private static let labelHeight = 13.0

    let boxes: [PlacedBox]
    let lines: [Line]
    /// Boxes that aren't drawn, by column.
    let hidden: [EgressGraph.Column: Int]
    let width: Double
    let height: Double

    init(_ graph: EgressGraph) {
        let columns = EgressGraph.Column.allCases.map { column in
            (column, shown: Array(graph.boxes(in: column).prefix(Self.columnLimit)), all: graph.boxes(in: column).count)
        }
        let heights = columns.map { column in column.shown.map { Self.height(of: Self.details(of: $0)) + Self.rowGap }.reduce(0, +) }
        let tallest = heights.max() ?? 0
        var placed: [PlacedBox] = []
        for ((column, shown, _), total) in zip(columns, heights) {
            // A short column stands in the middle of the others.
            var y = Self.headingHeight + (tallest - total) / 2
            for box in shown {
                let details = Self.details(of: box)
                let height = Self.height(of: details)
                placed.append(PlacedBox(box: box, details: details, x: Self.left(of: column), y: y, height: height))
                y += height + Self.rowGap
            }
        }
        boxes = placed
        lines = Self.apart(Self.lines(graph, placed))
        hidden = Dictionary(uniqueKeysWithValues: columns.map { ($0.0, $0.all - $0.shown.count) }).filter { $0.value > 0 }
        width = Self.left(of: .addresses) + Self.boxWidth
        height = Self.headingHeight + tallest + (hidden.isEmpty ? 0 : Self.titleHeight)
    }

    static func left(of column: EgressGraph.Column) -> Double { Double(column.rawValue) * (boxWidth + columnGap) }

    private static func height(of details: [String]) -> Double { titleHeight + lineHeight * Double(details.count) }

    private static func details(of box: EgressGraph.Box) -> [String] {
        Array(box.details.flatMap { wrapped($0, width: detailWidth) }.prefix(detailLimit))
    }

    private static func lines(_ graph: EgressGraph, _ placed: [PlacedBox]) -> [Line] {
        let byID = Dictionary(placed.map { ($0.box.id, $0) }) { first, _ in first }
        var lines: [Line] = []
        for edge in graph.edges {
            guard let from = byID[edge.from], let to = byID[edge.to] else { continue }
            if let last = lines.last, last.from.box.id == edge.from, last.to.box.id == edge.to {
                lines[lines.count - 1].pods += edge.pods
                lines[lines.count - 1].policies.append(edge.policy)
                lines[lines.count - 1].state = max(last.state, edge.state)
            } else {
                lines.append(Line(from: from, to: to, policies: [edge.policy], pods: edge.pods, state: edge.state))
            }
        }
        return lines
    }

    /// Gives each line a place of its own at both boxes, in the order of the boxes that it leads to.
    private static func apart(_ lines: [Line]) -> [Line] {
        var lines = lines
        let leaving = Dictionary(grouping: lines.indices) { lines[$0].from.box.id }
        let coming = Dictionary(grouping: lines.indices) { lines[$0].to.box.id }
        for indices in leaving.values {
            for (place, index) in indices.sorted(by: { lines[$0].to.y < lines[$1].to.y }).enumerated() {
                let box = lines[index].from
                let distance = box.height / Double(indices.count + 1)
                lines[index].start = box.y + distance * Double(place + 1)
                lines[index].hasLabel = distance >= labelHeight
            }
        }
        for indices in coming.values {
            for (place, index) in indices.sorted(by: { lines[$0].from.y < lines[$1].from.y }).enumerated() {
                let box = lines[index].to
                lines[index].end = box.y + box.height / Double(indices.count + 1) * Double(place + 1)
            }
        }
        return lines
    }
}
