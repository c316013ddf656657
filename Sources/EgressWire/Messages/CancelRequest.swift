public import JSONText

/// Params of `cancel`: ends the stream under this id.
public struct CancelRequest: Sendable, Hashable, WireValue {
    public var id: Int64

    public init(id: Int64) {
        self.id = id
    }

    public init(wire reader: JSONReader) throws(JSONFieldError) {
        id = try reader.required("id").integer(in: HelperRequest.ids)
    }

    public var wire: JSONValue { ["id": JSONValue(id)] }
}
