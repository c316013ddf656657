public import JSONText

extension JSONValue {
    /// Block YAML as kubectl prints it, with a newline at the end. A string that a YAML 1.1 reader would take for
    /// something else, or that has more than plain characters, stands in double quotes.
    public var yamlText: String {
        var text = ""
        switch self {
        case .object(let object) where !object.isEmpty: YAMLWriter.write(object, indent: 0, into: &text)
        case .array(let elements) where !elements.isEmpty: YAMLWriter.write(elements, indent: 0, into: &text)
        default: text = YAMLWriter.scalar(self) + "\n"
        }
        return text
    }
}

private enum YAMLWriter {
    static func write(_ object: JSONObject, indent: Int, firstIndent: Bool = true, into text: inout String) {
        var isFirst = !firstIndent
        for member in object.members {
            if !isFirst { text += spaces(indent) }
            isFirst = false
            text += string(member.key) + ":"
            switch member.value {
            case .object(let inner) where !inner.isEmpty:
                text += "\n"
                write(inner, indent: indent + 2, into: &text)
            case .array(let elements) where !elements.isEmpty:
                text += "\n"
                write(elements, indent: indent, into: &text)
            default:
                text += " " + scalar(member.value) + "\n"
            }
        }
    }

    static func write(_ elements: [JSONValue], indent: Int, into text: inout String) {
        for element in elements {
            text += spaces(indent) + "- "
            switch element {
            case .object(let object) where !object.isEmpty:
                write(object, indent: indent + 2, firstIndent: false, into: &text)
            case .array(let inner) where !inner.isEmpty:
                // A list straight in a list is rare; the flow form is YAML as well.
                text += JSONValue.array(inner).text() + "\n"
            default:
                text += scalar(element) + "\n"
            }
        }
    }

    static func scalar(_ value: JSONValue) -> String {
        if case .string(let text) = value { string(text) } else { value.text() }
    }

    private static func string(_ text: String) -> String {
        let isPlain =
            text.utf8.first.map(isPlainStart) == true
            && text.utf8.allSatisfy { isPlainStart($0) || "-.:@+".utf8.contains($0) } && !text.hasSuffix(":")
            && !text.contains(": ") && YAMLScalar.resolve(plain: text) == .string(text) && !looksLikeDate(text)
        return isPlain ? text : JSONValue.string(text).text()
    }

    private static func isPlainStart(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "_"), UInt8(ascii: "/"):
            true
        default: false
        }
    }

    /// Other readers make dates and base 60 numbers of these.
    private static func looksLikeDate(_ text: String) -> Bool {
        text.utf8.first.map { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } == true
            && (text.contains("-") || text.contains(":"))
    }

    private static func spaces(_ count: Int) -> String { String(repeating: " ", count: count) }
}
