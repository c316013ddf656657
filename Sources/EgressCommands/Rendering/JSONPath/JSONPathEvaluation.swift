import JSONText

extension JSONPathExpression.Step {
    /// The steps of one name or index each.
    var parts: [Self] {
        switch self {
        case .fields(let names): names.map { .field($0) }
        case .indexes(let indexes): indexes.map { .index($0) }
        case .field, .index, .slice, .every, .descendants, .filter: [self]
        }
    }

    func values(in value: JSONValue, _ template: String) throws(CommandError) -> [JSONValue] {
        switch self {
        case .field(let name): return value[name].map { [$0] } ?? []
        case .fields, .indexes:
            var all: [JSONValue] = []
            for part in parts { all += try part.values(in: value, template) }
            return all
        case .index(let index): return [try Self.element(index, of: value, template)]
        case .slice(let from, let to, let step): return Self.slice(value.arrayValue ?? [], from, to, step)
        case .every: return value.arrayValue ?? value.objectValue?.members.map(\.value) ?? []
        case .descendants: return Self.descendants(of: value)
        case .filter(let filter):
            var kept: [JSONValue] = []
            for element in value.arrayValue ?? [] where try filter.admits(element, template) { kept.append(element) }
            return kept
        }
    }

    private static func element(_ index: Int, of value: JSONValue, _ template: String) throws(CommandError) -> JSONValue {
        guard let elements = value.arrayValue else {
            throw CommandError("error executing jsonpath \"\(plainText(template))\": \(value.kindName) is not array or slice")
        }
        let position = index < 0 ? elements.count + index : index
        guard elements.indices.contains(position) else {
            throw CommandError(
                "error executing jsonpath \"\(plainText(template))\": array index out of bounds: index \(index), length \(elements.count)")
        }
        return elements[position]
    }

    /// Bounds beyond the ends mean the ends.
    private static func slice(_ elements: [JSONValue], _ from: Int?, _ to: Int?, _ step: Int) -> [JSONValue] {
        let count = elements.count
        func bounded(_ index: Int) -> Int { min(max(index < 0 ? count + index : index, 0), count) }
        let (first, end) = (bounded(from ?? 0), bounded(to ?? count))
        guard first < end else { return [] }
        return stride(from: first, to: end, by: step).map { elements[$0] }
    }

    /// The value itself, then what is in it, from the outside to the inside.
    private static func descendants(of value: JSONValue) -> [JSONValue] {
        let inside = value.arrayValue ?? value.objectValue?.members.map(\.value) ?? []
        return [value] + inside.flatMap(descendants)
    }
}

extension JSONPathFilter {
    func admits(_ element: JSONValue, _ template: String) throws(CommandError) -> Bool {
        let values = try Self.values(left, element, template)
        guard let right else { return !values.isEmpty }
        guard let value = values.first, let other = try Self.values(right.operand, element, template).first else { return false }
        return right.comparison.holds(value, other)
    }

    private static func values(_ operand: Operand, _ element: JSONValue, _ template: String) throws(CommandError) -> [JSONValue] {
        switch operand {
        case .path(let expression): try expression.values(in: element, of: template)
        case .value(let value): [value]
        }
    }
}

extension JSONPathFilter.Comparison {
    fileprivate func holds(_ a: JSONValue, _ b: JSONValue) -> Bool {
        switch self {
        case .equal: a == b
        case .notEqual: a != b
        case .less: Self.isLess(a, b)
        case .greater: Self.isLess(b, a)
        case .atMost: a == b || Self.isLess(a, b)
        case .atLeast: a == b || Self.isLess(b, a)
        }
    }

    /// Numbers by size, text by its scalars; nothing else has an order.
    private static func isLess(_ a: JSONValue, _ b: JSONValue) -> Bool {
        if let a = a.stringValue, let b = b.stringValue { return a.unicodeScalars.lexicographicallyPrecedes(b.unicodeScalars) }
        guard let a = number(a), let b = number(b) else { return false }
        return a < b
    }

    private static func number(_ value: JSONValue) -> Double? {
        switch value {
        case .integer(let number): Double(number)
        case .unsigned(let number): Double(number)
        case .number(let number): number
        default: nil
        }
    }
}
