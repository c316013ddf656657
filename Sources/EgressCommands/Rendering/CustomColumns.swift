import JSONText

/// `-o custom-columns=HEADER:PATH,…`, as kubectl has it: a line a row, `<none>` for what isn't there.
struct CustomColumns: Sendable, Hashable {
    private struct Column: Sendable, Hashable {
        var header: String
        var path: JSONPathExpression
    }

    private let columns: [Column]
    private let text: String

    init(_ text: String) throws(CommandError) {
        guard !text.isEmpty else { throw CommandError("custom-columns format specified but no custom columns given") }
        self.text = text
        columns = try Self.parts(text).map { part throws(CommandError) in
            guard let colon = part.firstIndex(of: ":"), colon != part.startIndex, part.index(after: colon) != part.endIndex else {
                throw CommandError("unexpected custom-columns spec: \(plainText(String(part))), expected <header>:<json-path-expr>")
            }
            var parser = JSONPathParser(String(part[part.index(after: colon)...]))
            return Column(header: String(part[..<colon]), path: try parser.relaxedExpression())
        }
    }

    /// A comma inside of brackets or quotes belongs to the path.
    private static func parts(_ text: String) -> [Substring] {
        var parts: [Substring] = []
        var (start, depth) = (text.startIndex, 0)
        for index in text.indices {
            switch text[index] {
            case "[", "(", "{": depth += 1
            case "]", ")", "}": depth -= 1
            case "," where depth <= 0:
                parts.append(text[start..<index])
                start = text.index(after: index)
            default: break
            }
        }
        return parts + [text[start...]]
    }

    func text(of rows: [JSONValue]) throws(CommandError) -> String {
        let cells = try rows.map { row throws(CommandError) in
            try columns.map { column throws(CommandError) in
                try column.path.values(in: row, of: text).map { $0.isNull ? Table.none : JSONPathTemplate.printed($0) }
                    .joined(separator: ",")
            }
        }
        return Table(columns.map { Table.Column($0.header) }, rows: cells).text(width: nil)
    }
}
