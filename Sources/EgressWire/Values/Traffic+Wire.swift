import EgressModel
public import EgressPlan
public import JSONText

extension PacketCount: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(packets: try reader.required("packets").counter(), bytes: try reader.required("bytes").counter())
    }

    public var wire: JSONValue { ["packets": .counter(packets), "bytes": .counter(bytes)] }
}

extension PolicyTraffic: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(
            policy: try reader.required("policy").string(), uid: try reader.required("uid").string(),
            tunnelled: try reader.value("tunnelled"), delivered: try reader.value("delivered"), translated: try reader.value("translated"),
            reversed: try reader.value("reversed"), dropped: try reader.value("dropped"))
    }

    public var wire: JSONValue {
        [
            "policy": .string(policy), "uid": .string(uid), "tunnelled": tunnelled.wire, "delivered": delivered.wire,
            "translated": translated.wire, "reversed": reversed.wire, "dropped": dropped.wire,
        ]
    }
}

extension AddressTraffic: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(
            address: try reader.required("address").address(), translated: try reader.value("translated"),
            reversed: try reader.value("reversed"), dropped: try reader.value("dropped"))
    }

    public var wire: JSONValue {
        ["address": .text(address), "translated": translated.wire, "reversed": reversed.wire, "dropped": dropped.wire]
    }
}

extension PortTries: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(tries: try reader.required("tries").integer(in: 1...65536), connections: try reader.required("connections").counter())
    }

    public var wire: JSONValue { ["tries": JSONValue(tries), "connections": .counter(connections)] }
}

/// Answer of `counters.get`. A helper of before `portTries` doesn't send it.
extension TrafficReport: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(
            counters: try reader.list("counters"), policies: try reader.list("policies"), egressIPs: try reader.list("egressIPs"),
            portTries: try reader.optional("portTries") == nil ? [] : try reader.list("portTries"))
    }

    public var wire: JSONValue {
        [
            "counters": .list(counters), "policies": .list(policies), "egressIPs": .list(egressIPs), "portTries": .list(portTries),
        ]
    }
}
