import EgressPolicy

/// A laid out graph as SVG 1.1; colours come from the page's style sheet, by the state's class.
struct GraphPicture {
    let layout: GraphLayout
    let title: String

    /// Characters that fit a box's width: of its title, and of a detail that is one long word.
    private static let (titleLength, detailLength) = (21, 26)

    var svg: String {
        let (width, height) = (number(layout.width + 4), number(layout.height + 8))
        var parts = [
            """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="-2 0 \(width) \(height)" width="\(width)" height="\(height)" \
            role="img" aria-label="\(escaped(title)); the table below says the same">
            """
        ]
        for column in EgressGraph.Column.allCases {
            parts.append(text(column.heading, x: GraphLayout.left(of: column), y: 18, class: "heading"))
            if let count = layout.hidden[column] {
                parts.append(text("and \(count) more", x: GraphLayout.left(of: column), y: layout.height, class: "detail"))
            }
        }
        parts += layout.lines.map(line)
        parts += layout.boxes.map(box)
        return (parts + ["</svg>"]).joined(separator: "\n")
    }

    private func box(_ placed: GraphLayout.PlacedBox) -> String {
        let full = ([placed.box.title] + placed.box.details).joined(separator: "\n")
        var parts = ["<g class=\"box \(placed.box.state.rawValue)\"><title>\(escaped(full))</title>"]
        parts.append(
            "<rect x=\"\(number(placed.x))\" y=\"\(number(placed.y))\" width=\"\(number(GraphLayout.boxWidth))\" "
                + "height=\"\(number(placed.height))\" rx=\"6\"/>")
        parts.append(text(shortened(placed.box.title, Self.titleLength), x: placed.x + 12, y: placed.y + 20, class: "title"))
        for (index, detail) in placed.details.enumerated() {
            let y = placed.y + 37 + 17 * Double(index)
            parts.append(text(shortened(detail, Self.detailLength), x: placed.x + 12, y: y, class: "detail"))
        }
        return (parts + ["</g>"]).joined()
    }

    private func line(_ line: GraphLayout.Line) -> String {
        let (x1, x2) = (line.from.x + GraphLayout.boxWidth, line.to.x)
        let (y1, y2) = (line.start, line.end)
        let middle = (x1 + x2) / 2
        let policies = line.policies.count > 5 ? counted(line.policies.count, "policy", "policies") : line.policies.joined(separator: ", ")
        let words = "\(line.from.box.title) to \(line.to.box.title): \(counted(line.pods, "pod", "pods")) by \(policies)"
        return "<g class=\"edge \(line.state.rawValue)\"><title>\(escaped(words))</title>"
            + "<path d=\"M\(number(x1)) \(number(y1)) C\(number(middle)) \(number(y1)) \(number(middle)) \(number(y2)) "
            + "\(number(x2)) \(number(y2))\" stroke-width=\"\(number(Self.thickness(line.pods)))\"/>"
            + (line.hasLabel ? text("\(line.pods)", x: x1 + 6, y: y1 - 4, class: "count") : "") + "</g>"
    }

    /// One pod is a thin line, and each ten times more adds as much.
    private static func thickness(_ pods: Int) -> Double { 1.5 + 1.5 * Double(String(max(pods, 1)).count - 1) }

    private func text(_ text: String, x: Double, y: Double, class name: String) -> String {
        "<text class=\"\(name)\" x=\"\(number(x))\" y=\"\(number(y))\">\(escaped(text))</text>"
    }

    private func shortened(_ text: String, _ length: Int) -> String {
        text.count <= length ? text : String(text.prefix(length - 1)) + "\u{2026}"
    }

    /// Tenths of a pixel are plenty, and make the same text everywhere.
    private func number(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10)" : "\(Double(tenths) / 10)"
    }
}

/// Text as it may stand in HTML, XML and their attributes; control characters are gone.
///
/// Scalar by scalar, as a browser reads it: a quote that a combining mark follows still ends an attribute.
func escaped(_ text: String) -> String {
    var result = ""
    for scalar in plainText(text).unicodeScalars {
        switch scalar {
        case "&": result += "&amp;"
        case "<": result += "&lt;"
        case ">": result += "&gt;"
        case "\"": result += "&quot;"
        case "'": result += "&#39;"
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result
}
