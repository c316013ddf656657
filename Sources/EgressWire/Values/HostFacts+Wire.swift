public import EgressModel
public import EgressPlan
public import JSONText

extension HostFacts: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(
            interfaces: try reader.list("interfaces"), defaultRoute: try reader.value("defaultRoute"),
            podDevices: try reader.list("podDevices"), forward: try reader.list("forward"), steering: try reader.value("steering"))
    }

    public var wire: JSONValue {
        [
            "interfaces": .list(interfaces), "defaultRoute": defaultRoute.wire, "podDevices": .list(podDevices),
            "forward": .list(forward), "steering": steering.wire,
        ]
    }
}

extension ForwardPolicy: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(try reader.required("enforcer").word(), place: try reader.required("place").string())
    }

    public var wire: JSONValue { ["enforcer": .string(enforcer.rawValue), "place": .string(place)] }
}

extension SteeringFact: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(default: try reader.required("default").word(), reason: try reader.required("reason").string())
    }

    public var wire: JSONValue { ["default": .string(`default`.rawValue), "reason": .string(reason)] }
}

extension HostInterface: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        let facts = NetworkInterface(
            name: try reader.required("name").string(), altNames: try reader.strings("altNames"), index: try reader.required("index").int(),
            addresses: try reader.list("addresses") { element throws(JSONFieldError) in
                try element.text("an address such as 192.0.2.11/24", InterfaceAddress.init)
            }, isUp: try reader.required("up").bool())
        self.init(
            facts: facts, kind: try reader.required("kind").string(), isLoopback: try reader.required("loopback").bool(),
            mtu: try reader.required("mtu").int(), master: try reader.optional("master")?.int())
    }

    public var wire: JSONValue {
        [
            "name": .string(facts.name), "altNames": .strings(facts.altNames), "index": JSONValue(facts.index),
            "addresses": .texts(facts.addresses), "up": .bool(facts.isUp), "kind": .string(kind), "loopback": .bool(isLoopback),
            "mtu": JSONValue(mtu), "master": .number(master),
        ]
    }
}

extension DefaultRoute: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(ipv4: try reader.optional("ipv4")?.string(), ipv6: try reader.optional("ipv6")?.string())
    }

    public var wire: JSONValue { ["ipv4": .text(ipv4), "ipv6": .text(ipv6)] }
}

extension PodDevice: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(
            interface: try reader.required("interface").string(), index: try reader.required("index").int(),
            addresses: try reader.addresses("addresses"), deliverIndex: try reader.optional("deliverIndex")?.int())
    }

    public var wire: JSONValue {
        [
            "interface": .string(interface), "index": JSONValue(index), "addresses": .texts(addresses),
            "deliverIndex": .number(deliverIndex),
        ]
    }
}
