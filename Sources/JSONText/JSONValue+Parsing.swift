internal import CJSONC

extension JSONValue {
    /// Reads one JSON value (RFC 8259, UTF-8) that fills the whole input but for white space.
    public init(parsing bytes: some Sequence<UInt8>, limits: JSONLimits = JSONLimits()) throws(JSONError) {
        // json-c ends a number only at a byte after it; the NUL also keeps it from reading on.
        var terminated = Array(bytes)
        terminated.append(0)
        let result: Result<JSONValue, JSONError> = terminated.withUnsafeBufferPointer { terminated in
            do throws(JSONError) {
                return .success(try Self.parse(terminated, limits: limits))
            } catch {
                return .failure(error)
            }
        }
        self = try result.get()
    }

    public init(parsing text: String, limits: JSONLimits = JSONLimits()) throws(JSONError) {
        try self.init(parsing: text.utf8, limits: limits)
    }

    private static func parse(_ terminated: UnsafeBufferPointer<UInt8>, limits: JSONLimits) throws(JSONError) -> JSONValue {
        let bytes = UnsafeBufferPointer(rebasing: terminated.dropLast())
        guard bytes.count <= limits.bytes else { throw JSONError("longer than \(limits.bytes) bytes", at: 0, of: bytes) }
        // json-c's own check lets overlong forms and cut sequences through.
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw JSONError("not UTF-8", at: Self.validPrefixLength(of: bytes), of: bytes)
        }
        var scan = JSONScan(bytes, depthLimit: limits.depth, comparesKeys: false)
        try scan.run()
        var tree = JSONTree()
        let value = try tree.read(terminated, depth: limits.depth)
        if tree.memberCount != scan.keyCount {
            // json-c kept the last of equal keys; the second look finds and names the place.
            var slow = JSONScan(bytes, depthLimit: limits.depth, comparesKeys: true)
            try slow.run()
            throw JSONError("a key stands twice", at: 0, of: bytes)
        }
        return value
    }

    private static func validPrefixLength(of bytes: UnsafeBufferPointer<UInt8>) -> Int {
        var length = 0
        var iterator = bytes.makeIterator()
        var decoder = Unicode.UTF8.ForwardParser()
        while case .valid(let scalar) = decoder.parseScalar(from: &iterator) { length += scalar.count }
        return min(length, bytes.count)
    }
}

/// json-c's tree, turned into values.
private struct JSONTree {
    private(set) var memberCount = 0

    mutating func read(_ terminated: UnsafeBufferPointer<UInt8>, depth: Int) throws(JSONError) -> JSONValue {
        let bytes = UnsafeBufferPointer(rebasing: terminated.dropLast())
        // json-c counts a scalar as a level of its own.
        guard let tokener = json_tokener_new_ex(Int32(depth + 1)) else { throw JSONError("out of memory", at: 0, of: bytes) }
        defer { json_tokener_free(tokener) }
        json_tokener_set_flags(tokener, JSON_TOKENER_STRICT)
        let root = terminated.withMemoryRebound(to: CChar.self) { json_tokener_parse_ex(tokener, $0.baseAddress, Int32($0.count)) }
        defer { if let root { json_object_put(root) } }
        let status = json_tokener_get_error(tokener)
        let end = min(Int(json_tokener_get_parse_end(tokener)), bytes.count)
        guard status == json_tokener_success else { throw JSONError(Self.message(status, at: end, of: bytes), at: end, of: bytes) }
        if let rest = bytes[end...].firstIndex(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }) {
            throw JSONError("something after the end of the value", at: rest, of: bytes)
        }
        return value(root)
    }

    private static func message(_ status: json_tokener_error, at end: Int, of bytes: UnsafeBufferPointer<UInt8>) -> String {
        let found = end < bytes.count ? JSONScan.name(bytes[end]) : "the end"
        switch status {
        case json_tokener_error_depth: return "nested too deep"
        case json_tokener_continue, json_tokener_error_parse_eof: return "the value ends too early"
        case json_tokener_error_parse_object_key_name: return "a key in quotes is expected, \(found) is there"
        case json_tokener_error_parse_object_key_sep: return "':' after the key is expected, \(found) is there"
        case json_tokener_error_parse_object_value_sep: return "',' or '}' is expected, \(found) is there"
        case json_tokener_error_parse_array: return "',' or ']' is expected, \(found) is there"
        case json_tokener_error_parse_number: return "not a JSON number"
        default: return end < bytes.count ? "\(found) can't stand here" : "the value ends too early"
        }
    }

    /// Recursion is bounded by the tokener's depth.
    private mutating func value(_ object: OpaquePointer?) -> JSONValue {
        guard let object else { return .null }
        switch json_object_get_type(object) {
        case json_type_boolean: return .bool(json_object_get_boolean(object) != 0)
        case json_type_double: return .number(json_object_get_double(object))
        case json_type_int: return integer(object)
        case json_type_string:
            return .string(Self.text(json_object_get_string(object), count: Int(json_object_get_string_len(object))))
        case json_type_array:
            return .array((0..<json_object_array_length(object)).map { value(json_object_array_get_idx(object, $0)) })
        case json_type_object: return .object(members(object))
        default: return .null
        }
    }

    private func integer(_ object: OpaquePointer) -> JSONValue {
        let unsigned = json_object_get_uint64(object)
        return unsigned > UInt64(Int64.max) ? .unsigned(unsigned) : .integer(json_object_get_int64(object))
    }

    private mutating func members(_ object: OpaquePointer) -> JSONObject {
        var members: [JSONObject.Member] = []
        members.reserveCapacity(Int(json_object_object_length(object)))
        var iterator = json_object_iter_begin(object)
        var end = json_object_iter_end(object)
        while json_object_iter_equal(&iterator, &end) == 0 {
            if let key = json_object_iter_peek_name(&iterator) {
                members.append(JSONObject.Member(key: String(cString: key), value: value(json_object_iter_peek_value(&iterator))))
            }
            json_object_iter_next(&iterator)
        }
        memberCount += members.count
        return JSONObject(uniqueMembers: members)
    }

    private static func text(_ start: UnsafePointer<CChar>?, count: Int) -> String {
        guard let start else { return "" }
        return start.withMemoryRebound(to: UInt8.self, capacity: count) {
            String(decoding: UnsafeBufferPointer(start: $0, count: count), as: UTF8.self)
        }
    }
}
