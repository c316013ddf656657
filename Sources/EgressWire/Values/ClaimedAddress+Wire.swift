import EgressModel
public import EgressPlan
public import JSONText

extension ClaimedAddress: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(try reader.required("address").address(), interfaceIndex: try reader.index("interfaceIndex"))
    }

    public var wire: JSONValue { ["address": .text(address), "interfaceIndex": JSONValue(interfaceIndex)] }
}
