extension JSONValue {
    /// JSON text; members in their order, or by key where `sorted`. One line without a newline at its end unless `pretty`
    /// (two spaces a level). A number that JSON has no word for is `null`.
    public func text(pretty: Bool = false, sorted: Bool = false) -> String {
        var writer = JSONWriter(pretty: pretty, sorted: sorted)
        writer.write(self, level: 0)
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}

private struct JSONWriter {
    let pretty: Bool
    let sorted: Bool
    var bytes: [UInt8] = []

    init(pretty: Bool, sorted: Bool) {
        self.pretty = pretty
        self.sorted = sorted
    }

    mutating func write(_ value: JSONValue, level: Int) {
        switch value {
        case .null: bytes += "null".utf8
        case .bool(let bool): bytes += (bool ? "true" : "false").utf8
        case .integer(let number): bytes += String(number).utf8
        case .unsigned(let number): bytes += String(number).utf8
        case .number(let number): bytes += (number.isFinite ? number.description : "null").utf8
        case .string(let text): write(text)
        case .array(let elements):
            write(elements, between: ("[", "]"), level: level) { $0.write($1, level: level + 1) }
        case .object(let object):
            let members = sorted ? object.members.sorted { $0.key < $1.key } : object.members
            write(members, between: ("{", "}"), level: level) {
                $0.write($1.key)
                $0.bytes += ($0.pretty ? ": " : ":").utf8
                $0.write($1.value, level: level + 1)
            }
        }
    }

    private mutating func write<Element>(
        _ elements: [Element], between brackets: (String, String), level: Int, each: (inout JSONWriter, Element) -> Void
    ) {
        bytes += brackets.0.utf8
        for (position, element) in elements.enumerated() {
            if position > 0 { bytes.append(UInt8(ascii: ",")) }
            newline(level + 1)
            each(&self, element)
        }
        if !elements.isEmpty { newline(level) }
        bytes += brackets.1.utf8
    }

    private mutating func newline(_ level: Int) {
        guard pretty else { return }
        bytes.append(UInt8(ascii: "\n"))
        bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * level))
    }

    private mutating func write(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): bytes += "\\\"".utf8
            case UInt8(ascii: "\\"): bytes += "\\\\".utf8
            case 0x0A: bytes += "\\n".utf8
            case 0x0D: bytes += "\\r".utf8
            case 0x09: bytes += "\\t".utf8
            case 0..<0x20, 0x7F: bytes += ("\\u00" + (byte < 16 ? "0" : "") + String(byte, radix: 16)).utf8
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
