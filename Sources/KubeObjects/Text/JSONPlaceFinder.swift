import JSONText

/// Finds the line and column of a path in JSON text that was parsed before and is known to be good.
///
/// Looked up only when a finding needs it, so that reading a large snapshot keeps no places.
struct JSONPlaceFinder {
    private let bytes: [UInt8]
    private var position = 0
    /// Line and column of an offset that was reached, from 1.
    private var counted = (offset: 0, line: 1, column: 1)

    init(_ text: Substring) { bytes = Array(text.utf8) }

    /// The place of what the path leads to, counted from the beginning of the text; of the nearest thing on the way
    /// where it leads nowhere.
    mutating func mark(of path: JSONPath, preferringKey: Bool) -> PlaceTree.Mark {
        position = 0
        skipBlanks()
        var key: Int?
        for component in path.components {
            let here = key ?? position
            switch component {
            case .key(let name): key = enterMember(name)
            case .index(let index): key = enterElement(index)
            }
            guard key != nil else { return mark(at: here) }
            if case .index = component { key = nil }
        }
        return mark(at: preferringKey ? key ?? position : position)
    }

    /// The places of everything in what the path leads to, in one walk; `nil` where it leads nowhere.
    mutating func tree(of path: JSONPath) -> PlaceTree? {
        position = 0
        skipBlanks()
        for component in path.components {
            switch component {
            case .key(let name): guard enterMember(name) != nil else { return nil }
            case .index(let index): guard enterElement(index) != nil else { return nil }
            }
        }
        counted = (offset: 0, line: 1, column: 1)
        return readTree()
    }

    /// Recursion is bounded, as the text was parsed before with a limit.
    private mutating func readTree() -> PlaceTree {
        var tree = PlaceTree(value: markOnward(at: position))
        switch current {
        case UInt8(ascii: "{"): tree.children = readChildren(end: UInt8(ascii: "}"), haveKeys: true)
        case UInt8(ascii: "["): tree.children = readChildren(end: UInt8(ascii: "]"), haveKeys: false)
        default: skipValue()
        }
        return tree
    }

    private mutating func readChildren(end: UInt8, haveKeys: Bool) -> [PlaceTree] {
        var children: [PlaceTree] = []
        position += 1
        skipBlanks()
        while let byte = current, byte != end {
            var key: PlaceTree.Mark?
            if haveKeys {
                key = markOnward(at: position)
                skipValue()
                skipBlanks()
                position += 1
                skipBlanks()
            }
            var child = readTree()
            child.key = key
            children.append(child)
            skipBlanks()
            guard current == UInt8(ascii: ",") else { break }
            position += 1
            skipBlanks()
        }
        position += 1
        return children
    }

    /// As ``mark(at:)``, for offsets that only grow: what was counted isn't counted again.
    private mutating func markOnward(at offset: Int) -> PlaceTree.Mark {
        while counted.offset < min(offset, bytes.count) {
            let byte = bytes[counted.offset]
            counted.offset += 1
            if byte == 0x0A {
                counted.line += 1
                counted.column = 1
            } else if byte & 0xC0 != 0x80 {
                counted.column += 1
            }
        }
        return PlaceTree.Mark(line: counted.line, column: counted.column)
    }

    private func mark(at offset: Int) -> PlaceTree.Mark {
        let before = bytes.prefix(offset)
        let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        let column = before[lineStart...].count { $0 & 0xC0 != 0x80 } + 1
        return PlaceTree.Mark(line: 1 + before.count { $0 == 0x0A }, column: column)
    }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipBlanks() {
        while let byte = current, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { position += 1 }
    }

    /// Goes to the value of the member and returns the offset of its key.
    private mutating func enterMember(_ name: String) -> Int? {
        guard current == UInt8(ascii: "{") else { return nil }
        position += 1
        while true {
            skipBlanks()
            guard current == UInt8(ascii: "\"") else { return nil }
            let keyStart = position
            skipValue()
            let keyText = bytes[keyStart..<position]
            skipBlanks()
            position += 1
            skipBlanks()
            if (try? JSONValue(parsing: keyText))?.stringValue == name { return keyStart }
            skipValue()
            skipBlanks()
            guard current == UInt8(ascii: ",") else { return nil }
            position += 1
        }
    }

    private mutating func enterElement(_ index: Int) -> Int? {
        guard current == UInt8(ascii: "[") else { return nil }
        position += 1
        skipBlanks()
        for _ in 0..<max(index, 0) {
            skipValue()
            skipBlanks()
            guard current == UInt8(ascii: ",") else { return nil }
            position += 1
            skipBlanks()
        }
        return current == UInt8(ascii: "]") ? nil : position
    }

    private mutating func skipValue() {
        var depth = 0
        repeat {
            switch current {
            case nil: return
            case UInt8(ascii: "\""): skipString()
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                position += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                position += 1
            case UInt8(ascii: ","), UInt8(ascii: ":"), 0x20, 0x09, 0x0A, 0x0D: position += 1
            default:
                while let byte = current, !",:]}\" \t\r\n".utf8.contains(byte) { position += 1 }
            }
        } while depth > 0
    }

    private mutating func skipString() {
        position += 1
        while let byte = current, byte != UInt8(ascii: "\"") { position += byte == UInt8(ascii: "\\") ? 2 : 1 }
        position += 1
    }
}
