extension JSONCursor {
    /// An object whose members are passed over may have this many: each key is compared with all before it.
    private static let keyLimit = 64

    /// Passes over a value, having checked all of it, and says where it lies.
    @discardableResult
    public mutating func pass() throws(JSONDetour) -> JSONSlice {
        let first = peek()
        let start = position
        switch first {
        case UInt8(ascii: "\""): try passString()
        case UInt8(ascii: "{"): try passObject()
        case UInt8(ascii: "["): try passArray()
        case UInt8(ascii: "t"): try word("true")
        case UInt8(ascii: "f"): try word("false")
        case UInt8(ascii: "n"): try word("null")
        default: _ = try number()
        }
        return JSONSlice(bytes: UnsafeBufferPointer(rebasing: bytes[start..<position]))
    }

    /// Passes over a value that has the same text as one of the same text's that was passed before.
    ///
    /// Only for objects, arrays and strings: their end is in their text. Both must be as deep.
    public mutating func passes(sameAs value: JSONSlice) -> Bool {
        _ = peek()
        let end = position + value.count
        guard !value.isEmpty, end <= bytes.count, JSONSlice(bytes: UnsafeBufferPointer(rebasing: bytes[position..<end])) == value
        else { return false }
        position = end
        return true
    }

    /// Goes back to where the walk was before, in a value that is no deeper.
    public mutating func goBack(to place: Place) {
        position = place.position
        depth = place.depth
        passedKeys.removeAll(keepingCapacity: true)
    }

    public struct Place {
        public let position: Int
        let depth: Int
    }

    /// Where the next value begins.
    public mutating func place() -> Place {
        _ = peek()
        return Place(position: position, depth: depth)
    }

    private mutating func passString() throws(JSONDetour) {
        let end = JSONBytes.endOfPlain(in: bytes, from: position + 1)
        if end < bytes.count, bytes[end] == UInt8(ascii: "\"") {
            position = end + 1
        } else {
            _ = try text()
        }
    }

    private mutating func passArray() throws(JSONDetour) {
        try array()
        var isFirst = true
        while try hasElement(isFirst: &isFirst) { try pass() }
    }

    /// No key may come twice.
    private mutating func passObject() throws(JSONDetour) {
        try open(UInt8(ascii: "{"))
        let first = passedKeys.count
        while let key = try key(isFirst: passedKeys.count == first) {
            // Strings are equal that Unicode takes for the same; of ASCII the same bytes alone.
            guard passedKeys.count - first < Self.keyLimit, key.isASCII else { throw JSONDetour() }
            for index in first..<passedKeys.count where passedKeys[index] == key { throw JSONDetour() }
            passedKeys.append(key)
            try pass()
        }
        passedKeys.removeSubrange(first...)
    }
}
