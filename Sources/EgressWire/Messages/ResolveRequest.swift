public import JSONText

/// Params of `plugins.resolve`: which module, and what it is asked, as `egress_plugin.h` has it.
public struct ResolveRequest: Sendable, Hashable, WireValue {
    public var strategy: String
    /// An object.
    public var request: JSONValue

    public init(strategy: String, request: JSONValue) {
        self.strategy = strategy
        self.request = request
    }

    public init(wire reader: JSONReader) throws(JSONFieldError) {
        strategy = try reader.required("strategy").name(upTo: 63)
        let request = try reader.required("request")
        _ = try request.object()
        self.request = request.value
    }

    public var wire: JSONValue { ["strategy": .string(strategy), "request": request] }
}
