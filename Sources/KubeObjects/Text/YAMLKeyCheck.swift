/// Finds keys that are not plain words in a text that also has aliases.
///
/// Yams compares the keys of a mapping with one another while it builds the tree. A key that holds an alias of an alias
/// of an alias … would be compared in exponential time, before anything could be counted. No Kubernetes object has such
/// keys, so a text with aliases may have none.
struct YAMLKeyCheck {
    private let bytes: [UInt8]

    init(_ text: Substring) { bytes = Array(text.utf8) }

    /// Offset of a key that can't be allowed; `nil` when there is none.
    func firstRiskyKey() -> Int? {
        guard bytes.contains(UInt8(ascii: "*")), bytes.contains(UInt8(ascii: "&")), bytes.indices.contains(where: isAlias) else {
            return nil
        }
        return bytes.indices.first { position in
            switch bytes[position] {
            case UInt8(ascii: "?"): isTokenStart(position)
            case UInt8(ascii: "]"), UInt8(ascii: "}"): isColon(afterBlanksFrom: position + 1)
            case UInt8(ascii: "*"): isAlias(at: position) && isColon(afterBlanksFrom: endOfName(from: position + 1))
            default: false
            }
        }
    }

    private func isAlias(at position: Int) -> Bool {
        bytes[position] == UInt8(ascii: "*") && isTokenStart(position) && endOfName(from: position + 1) > position + 1
    }

    private func isTokenStart(_ position: Int) -> Bool {
        position == 0 || " \t\r\n[{,:-?".utf8.contains(bytes[position - 1])
    }

    private func endOfName(from start: Int) -> Int {
        var end = start
        while end < bytes.count, isNameByte(bytes[end]) { end += 1 }
        return end
    }

    private func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    private func isColon(afterBlanksFrom start: Int) -> Bool {
        var next = start
        while next < bytes.count, bytes[next] == 0x20 || bytes[next] == 0x09 { next += 1 }
        return next < bytes.count && bytes[next] == UInt8(ascii: ":")
    }
}
