/// An entry of one of our maps.
struct MapEntry: Sendable, Hashable {
    var map: String
    var key: [UInt8]
    var value: [UInt8]
}

/// How what a helper with another layout left becomes ours, map by map.
///
/// A change of `EGRESS_ABI_VERSION` adds one to ``known``, for the version before: without it, nodes that are upgraded start
/// with empty maps, and every connection ends.
struct LayoutConversion: Sendable {
    /// `nil`: the entry means nothing any more. Sizes of key and value are the old map's.
    typealias Convert = @Sendable (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, OlderMaps) throws -> MapEntry?

    /// By the old map's name. A map that isn't here is not taken over.
    var maps: [String: Convert]

    /// By the version before.
    static var known: [Int: LayoutConversion] { [2: .from2] }

    /// A map that is as it was, perhaps by another name.
    static func unchanged(as name: String) -> Convert {
        { key, value, _ in MapEntry(map: name, key: Array(key), value: Array(value)) }
    }
}

/// The pinned maps of an older layout.
struct OlderMaps {
    let byName: [String: RawMap]

    init(_ folder: PinFolder, names: some Sequence<String>) throws {
        var found: [String: RawMap] = [:]
        for name in names { found[name] = try RawMap.pinned("\(folder.maps)/\(name)", name: name) }
        byName = found
    }

    /// A value under a key; `nil` when it isn't there, or the map has other sizes.
    func value<Value: BitwiseCopyable>(_ name: String, _ key: [UInt8], as: Value.Type = Value.self) throws -> Value? {
        guard let map = byName[name], map.keySize == key.count, map.valueSize == MemoryLayout<Value>.size else { return nil }
        return try map.value(key)?.withUnsafeBytes { $0.load(Value.self) }
    }
}

extension UnsafeRawBufferPointer {
    /// The structure that these octets are; `nil` when their number is another.
    func load<Value: BitwiseCopyable>(_: Value.Type = Value.self) -> Value? {
        count == MemoryLayout<Value>.size ? loadUnaligned(as: Value.self) : nil
    }
}

/// The octets of a structure, as a map has them.
func octets<Value: BitwiseCopyable>(of value: Value) -> [UInt8] {
    withUnsafeBytes(of: value) { Array($0) }
}
