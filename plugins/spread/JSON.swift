// SPDX-License-Identifier: Apache-2.0

/// A value of json-c inside the text that `JSON.parsing` holds; it must not outlive the closure there.
struct JSON {
    /// NULL is JSON's null, and what isn't there.
    private let object: OpaquePointer?

    /// Parses one whole text, strictly, and lets the tree go when the closure returns. A text that isn't JSON is null.
    static func parsing<Result>(_ text: UnsafePointer<CChar>, _ body: (JSON) throws(Refusal) -> Result) throws(Refusal) -> Result {
        let tokener = json_tokener_new()
        defer { json_tokener_free(tokener) }
        guard let tokener, let length = Int32(exactly: strlen(text)), length < Int32.max else { return try body(JSON(object: nil)) }
        json_tokener_set_flags(tokener, JSON_TOKENER_STRICT)
        let object = json_tokener_parse_ex(tokener, text, length + 1)
        defer { json_object_put(object) }
        let isWhole = json_tokener_get_error(tokener) == json_tokener_success && json_tokener_get_parse_end(tokener) >= length
        return try body(JSON(object: isWhole ? object : nil))
    }

    var isNull: Bool { object == nil }
    var isObject: Bool { json_object_is_type(object, json_type_object) != 0 }
    var isArray: Bool { json_object_is_type(object, json_type_array) != 0 }

    /// `nil` unless it is a string; a NUL may be among them.
    var bytes: [UInt8]? {
        guard json_object_is_type(object, json_type_string) != 0, let start = json_object_get_string(object) else { return nil }
        let count = max(0, Int(json_object_get_string_len(object)))
        return UnsafeBufferPointer(start: start, count: count).map { UInt8(bitPattern: $0) }
    }

    var bool: Bool? { json_object_is_type(object, json_type_boolean) != 0 ? json_object_get_boolean(object) != 0 : nil }
    var integer: Int64? { json_object_is_type(object, json_type_int) != 0 ? json_object_get_int64(object) : nil }

    /// None unless it is an array.
    var elements: [JSON] {
        guard isArray else { return [] }
        return (0..<json_object_array_length(object)).map { JSON(object: json_object_array_get_idx(object, $0)) }
    }

    /// Null unless it is an object that has the key.
    subscript(key: String) -> JSON { JSON(object: json_object_object_get(object, key)) }

    /// The value as JSON text.
    var text: String {
        let flags = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE
        return json_object_to_json_string_ext(object, flags).map { String(cString: $0) } ?? "null"
    }

    /// Calls the closure with each field of an object.
    func forEachField(_ body: (String, JSON) throws(Refusal) -> Void) throws(Refusal) {
        guard isObject else { return }
        var field = json_object_iter_begin(object)
        var end = json_object_iter_end(object)
        while json_object_iter_equal(&field, &end) == 0 {
            guard let name = json_object_iter_peek_name(&field) else { return }
            try body(String(cString: name), JSON(object: json_object_iter_peek_value(&field)))
            json_object_iter_next(&field)
        }
    }
}
