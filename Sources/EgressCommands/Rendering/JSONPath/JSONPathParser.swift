import JSONText

/// Reads a template character by character; every error names the template and what is wrong with it.
struct JSONPathParser {
    private let source: String
    private var rest: Substring

    init(_ template: String) {
        source = template
        rest = template[...]
    }

    func failure(_ why: String) -> CommandError { CommandError("error parsing jsonpath \(plainText(source)), \(plainText(why))") }

    mutating func nodes() throws(CommandError) -> [JSONPathTemplate.Node] {
        // Open ranges, innermost last: their expression, and what stood before them.
        var open: [(expression: JSONPathExpression, before: [JSONPathTemplate.Node])] = []
        var nodes: [JSONPathTemplate.Node] = []
        while !rest.isEmpty {
            let text = takeText()
            if !text.isEmpty { nodes.append(.text(text)) }
            guard take("{") else { break }
            // Without anything in it: the whole value.
            if rest.first == "}" { nodes.append(.path(JSONPathExpression(steps: []))) }
            while !take("}") {
                switch try action() {
                case .node(let node): nodes.append(node)
                case .range(let expression):
                    open.append((expression, nodes))
                    nodes = []
                case .end:
                    guard let last = open.popLast() else {
                        throw CommandError("error executing jsonpath \"\(plainText(source))\": not in range, nothing to end")
                    }
                    nodes = last.before + [.range(last.expression, body: nodes)]
                }
            }
        }
        // kubectl takes a range without an end as one that ends with the template.
        while let last = open.popLast() { nodes = last.before + [.range(last.expression, body: nodes)] }
        return nodes
    }

    /// One expression that may do without braces, as in `custom-columns`.
    mutating func relaxedExpression() throws(CommandError) -> JSONPathExpression {
        let isBraced = take("{")
        if rest.first.map(JSONPathParser.isNameCharacter) == true { rest = "." + rest }
        let expression = try expression()
        if isBraced, !take("}") { throw failure("unclosed action") }
        guard rest.isEmpty else { throw failure("unexpected \"\(rest)\"") }
        return expression
    }

    private enum Action {
        case node(JSONPathTemplate.Node)
        case range(JSONPathExpression)
        case end
    }

    /// What stands in front of the next brace.
    private mutating func takeText() -> String {
        let text = rest.prefix { $0 != "{" }
        rest = rest[text.endIndex...]
        return String(text)
    }

    private mutating func action() throws(CommandError) -> Action {
        skipSpaces()
        guard let first = rest.first else { throw failure("unclosed action") }
        if first == "\"" || first == "'" { return .node(.text(try quoted(first))) }
        if first.isLetter {
            let word = rest.prefix { $0.isLetter }
            rest = rest[word.endIndex...]
            switch word {
            case "range":
                skipSpaces()
                return .range(try expression())
            case "end": return .end
            default: throw failure("unrecognized identifier \(word)")
            }
        }
        let before = rest
        let expression = try expression()
        guard rest != before else { throw failure("unrecognized character in action: \(first)") }
        skipSpaces()
        return .node(.path(expression))
    }

    mutating func expression() throws(CommandError) -> JSONPathExpression {
        var steps: [JSONPathExpression.Step] = []
        if !take("@") { _ = take("$") }
        while let first = rest.first {
            switch first {
            case ".":
                rest.removeFirst()
                if take(".") { steps.append(.descendants) }
                if take("*") {
                    steps.append(.every)
                } else if rest.first != "[", let name = fieldName() {
                    steps.append(.field(name))
                }
            case "[":
                rest.removeFirst()
                steps.append(try bracket())
            default: return JSONPathExpression(steps: steps)
            }
        }
        return JSONPathExpression(steps: steps)
    }

    private static func isNameCharacter(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || character == "_" || character == "-" || character == "/" || character == "\\"
    }

    /// A backslash takes the next character as part of the name.
    private mutating func fieldName() -> String? {
        var name = ""
        while let next = rest.first, Self.isNameCharacter(next) {
            rest.removeFirst()
            guard next == "\\" else {
                name.append(next)
                continue
            }
            if let escaped = rest.popFirst() { name.append(escaped) }
        }
        return name.isEmpty ? nil : name
    }

    private mutating func bracket() throws(CommandError) -> JSONPathExpression.Step {
        if take("?(") {
            let filter = try filter()
            skipSpaces()
            guard take(")]") else { throw failure("unterminated filter") }
            return .filter(filter)
        }
        if take("*]") { return .every }
        if rest.first == "'" {
            var names: [String] = []
            repeat {
                skipSpaces()
                names.append(try quoted("'"))
                skipSpaces()
            } while take(",")
            guard take("]") else { throw failure("unterminated array") }
            return names.count == 1 ? .field(names[0]) : .fields(names)
        }
        guard let end = rest.firstIndex(of: "]") else { throw failure("unterminated array") }
        let inside = rest[..<end]
        rest = rest[rest.index(after: end)...]
        return try numbers(String(inside))
    }

    private func numbers(_ text: String) throws(CommandError) -> JSONPathExpression.Step {
        if text.contains(":") {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count <= 3 else { throw failure("invalid array index \(text)") }
            let bounds = try parts.map { part throws(CommandError) -> Int? in part.isEmpty ? nil : try number(part) }
            let step = bounds.count == 3 ? bounds[2] ?? 1 : 1
            guard step > 0 else { throw failure("step must be > 0") }
            return .slice(from: bounds[0], to: bounds[1], step: step)
        }
        let indexes = try text.split(separator: ",", omittingEmptySubsequences: false)
            .map { part throws(CommandError) -> Int in try number(part) }
        return indexes.count == 1 ? .index(indexes[0]) : .indexes(indexes)
    }

    private func number(_ text: Substring) throws(CommandError) -> Int {
        guard let number = Int32(text) else { throw failure("invalid array index \(text)") }
        return Int(number)
    }

    private mutating func filter() throws(CommandError) -> JSONPathFilter {
        let left = try operand()
        skipSpaces()
        guard let comparison = JSONPathFilter.Comparison.allCases.first(where: { take($0.rawValue) }) else {
            guard rest.first == ")" else { throw failure("unrecognized character in action: \(rest.prefix(1))") }
            return JSONPathFilter(left: left, right: nil)
        }
        return JSONPathFilter(left: left, right: (comparison, try operand()))
    }

    private mutating func operand() throws(CommandError) -> JSONPathFilter.Operand {
        skipSpaces()
        guard let first = rest.first else { throw failure("unterminated filter") }
        if first == "\"" || first == "'" { return .value(.string(try quoted(first))) }
        if first == "@" || first == "$" || first == "." { return .path(try expression()) }
        let word = rest.prefix { !" )=!<>".contains($0) }
        rest = rest[word.endIndex...]
        guard let value = try? JSONValue(parsing: word.utf8) else { throw failure("unrecognized value \(word)") }
        return .value(value)
    }

    /// A quoted text with Go's escapes of it that anybody uses.
    private mutating func quoted(_ quote: Character) throws(CommandError) -> String {
        guard take(String(quote)) else { throw failure("a quoted name is expected") }
        var text = ""
        while let next = rest.popFirst() {
            if next == quote { return text }
            guard next == "\\" else {
                text.append(next)
                continue
            }
            switch rest.popFirst() {
            case "n": text.append("\n")
            case "t": text.append("\t")
            case "r": text.append("\r")
            case let other?: text.append(other)
            case nil: throw failure("unterminated quoted string")
            }
        }
        throw failure("unterminated quoted string")
    }

    private mutating func take(_ text: String) -> Bool {
        guard rest.hasPrefix(text) else { return false }
        rest = rest.dropFirst(text.count)
        return true
    }

    private mutating func skipSpaces() { rest = rest.drop { $0 == " " } }
}
