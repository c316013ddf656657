import JSONText

/// A template of `-o jsonpath=`, as kubectl reads it: text with expressions in braces.
///
/// The language is that of k8s.io/client-go/util/jsonpath: `{.a.b}`, `['a','b']`, `[0]`, `[-1]`, `[0:4:2]`, `[0,2]`, `[*]`,
/// `..name`, `[?(@.a=="b")]`, `{range …}{end}`, `{"\n"}`, `\.` in a name. A field that isn't there is no error.
struct JSONPathTemplate: Sendable, Hashable {
    /// As the user typed it.
    let text: String
    let nodes: [Node]

    enum Node: Sendable, Hashable {
        /// What stands outside of braces, or quoted inside of them.
        case text(String)
        case path(JSONPathExpression)
        case range(JSONPathExpression, body: [Node])
    }

    init(_ text: String) throws(CommandError) {
        guard !text.isEmpty else { throw CommandError("template format specified but no template given") }
        self.text = text
        var parser = JSONPathParser(text)
        nodes = try parser.nodes()
    }

    /// The template filled in from a value.
    func text(of value: JSONValue) throws(CommandError) -> String {
        try text(of: nodes, value)
    }

    private func text(of nodes: [Node], _ value: JSONValue) throws(CommandError) -> String {
        var result = ""
        for node in nodes {
            switch node {
            case .text(let text): result += text
            case .path(let expression):
                result += try expression.values(in: value, of: text).map(Self.printed).joined(separator: " ")
            case .range(let expression, let body):
                for element in try expression.values(in: value, of: text) {
                    result += try self.text(of: body, element)
                }
            }
        }
        return result
    }

    /// Text bare, anything else as JSON.
    static func printed(_ value: JSONValue) -> String { value.stringValue ?? value.text(sorted: true) }
}

/// Steps from a value to those that are meant.
struct JSONPathExpression: Sendable, Hashable {
    enum Step: Sendable, Hashable {
        case field(String)
        /// `['a','b']`.
        case fields([String])
        /// `[0]`, `[-1]`.
        case index(Int)
        /// `[0,2]`.
        case indexes([Int])
        /// `[0:4:2]`.
        case slice(from: Int?, to: Int?, step: Int)
        /// `[*]` and `.*`.
        case every
        /// `..`: the value and everything inside of it.
        case descendants
        case filter(JSONPathFilter)
    }

    let steps: [Step]

    /// Throws for an index that isn't there, as kubectl does; a field that isn't there gives nothing.
    func values(in root: JSONValue, of template: String) throws(CommandError) -> [JSONValue] {
        var values = [root]
        for step in steps {
            var next: [JSONValue] = []
            // Of several names kubectl takes the first in every value, then the second.
            for part in step.parts {
                for value in values { next += try part.values(in: value, template) }
            }
            values = next
        }
        return values
    }
}

/// What stands in `[?( … )]`.
struct JSONPathFilter: Sendable, Hashable {
    enum Operand: Sendable, Hashable {
        case path(JSONPathExpression)
        case value(JSONValue)
    }

    enum Comparison: String, Sendable, Hashable, CaseIterable {
        // Longer spellings first, as they are tried in this order.
        case equal = "=="
        case notEqual = "!="
        case atMost = "<="
        case atLeast = ">="
        case less = "<"
        case greater = ">"
    }

    let left: Operand
    /// `nil`: whether the left side is there.
    let right: (comparison: Comparison, operand: Operand)?

    static func == (a: JSONPathFilter, b: JSONPathFilter) -> Bool {
        a.left == b.left && a.right?.comparison == b.right?.comparison && a.right?.operand == b.right?.operand
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(left)
        hasher.combine(right?.comparison)
        hasher.combine(right?.operand)
    }
}
