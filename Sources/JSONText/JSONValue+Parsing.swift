extension JSONValue {
    /// Reads one JSON value (RFC 8259, UTF-8) that fills the whole input but for white space.
    public init(parsing bytes: some Sequence<UInt8>, limits: JSONLimits = JSONLimits()) throws(JSONError) {
        let parse = { (bytes: UnsafeBufferPointer<UInt8>) -> Result<JSONValue, JSONError> in
            do throws(JSONError) {
                return .success(try Self.parse(bytes, limits: limits))
            } catch {
                return .failure(error)
            }
        }
        let result = bytes.withContiguousStorageIfAvailable(parse) ?? Array(bytes).withUnsafeBufferPointer(parse)
        self = try result.get()
    }

    public init(parsing text: String, limits: JSONLimits = JSONLimits()) throws(JSONError) {
        try self.init(parsing: text.utf8, limits: limits)
    }

    private static func parse(_ bytes: UnsafeBufferPointer<UInt8>, limits: JSONLimits) throws(JSONError) -> JSONValue {
        guard bytes.count <= limits.bytes else { throw JSONError("longer than \(limits.bytes) bytes", at: 0, of: bytes) }
        var parser = JSONParser(bytes, depthLimit: limits.depth)
        return try parser.document()
    }
}
