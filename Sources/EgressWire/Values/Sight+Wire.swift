import EgressModel
public import EgressPlan
public import JSONText

extension Endpoint: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(try reader.required("address").address(), try reader.required("port").integer(as: UInt16.self))
    }

    public var wire: JSONValue { ["address": .text(address), "port": JSONValue(port)] }
}

extension FlowEvent: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(
            time: try reader.required("time").integer(as: Int64.self), kind: try reader.required("kind").word(),
            transport: try reader.transport("protocol"), pod: try reader.optionalValue("pod"), source: try reader.optionalValue("source"),
            remote: try reader.optionalValue("remote"), egress: try reader.optionalValue("egress"),
            policy: try reader.optional("policy")?.string(), podNode: try reader.optional("podNode")?.string(),
            gatewayNode: try reader.optional("gatewayNode")?.string(), code: try reader.code("code"))
    }

    public var wire: JSONValue {
        [
            "time": JSONValue(time), "kind": .string(kind.rawValue), "protocol": .text(transport), "pod": pod?.wire ?? .null,
            "source": source?.wire ?? .null, "remote": remote?.wire ?? .null, "egress": egress?.wire ?? .null, "policy": .text(policy),
            "podNode": .text(podNode), "gatewayNode": .text(gatewayNode), "code": .text(code),
        ]
    }
}

extension FlowNews: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(try reader.optionalValue("flow"), lost: try reader.optional("lost")?.counter() ?? 0)
    }

    public var wire: JSONValue { ["flow": event?.wire ?? .null, "lost": .counter(lost)] }
}

extension Translation: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(
            transport: try reader.transport("protocol"), source: try reader.value("source"), remote: try reader.value("remote"),
            egress: try reader.value("egress"), state: try reader.required("state").word(),
            idleSeconds: try reader.required("idleSeconds").integer(as: Int64.self),
            ageSeconds: try reader.optional("ageSeconds")?.integer(as: Int64.self), pod: try reader.optionalValue("pod"),
            policy: try reader.optional("policy")?.string(), podNode: try reader.optional("podNode")?.string())
    }

    public var wire: JSONValue {
        [
            "protocol": .text(transport), "source": source.wire, "remote": remote.wire, "egress": egress.wire,
            "state": .string(state.rawValue), "idleSeconds": JSONValue(idleSeconds), "ageSeconds": .number(ageSeconds),
            "pod": pod?.wire ?? .null, "policy": .text(policy), "podNode": .text(podNode),
        ]
    }
}

extension TranslationList: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(try reader.list("translations"), total: try reader.required("total").integer(in: 0...Int.max))
    }

    public var wire: JSONValue { ["translations": .list(translations), "total": JSONValue(total)] }
}

extension PortUse: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(
            egressIP: try reader.required("egressIP").address(), transport: try reader.transport("protocol"),
            remote: try reader.value("remote"), used: try reader.required("used").integer(in: 0...Int.max),
            capacity: try reader.required("capacity").integer(in: 0...Int.max), refused: try reader.required("refused").counter())
    }

    public var wire: JSONValue {
        [
            "egressIP": .text(egressIP), "protocol": .text(transport), "remote": remote.wire, "used": JSONValue(used),
            "free": JSONValue(free), "capacity": JSONValue(capacity), "refused": .counter(refused),
        ]
    }
}

/// Answer of `ports.get`.
public struct PortUseList: Sendable, Hashable, WireValue {
    public var ports: [PortUse]

    public init(_ ports: [PortUse]) {
        self.ports = ports
    }

    public init(wire reader: JSONReader) throws(JSONFieldError) {
        ports = try reader.list("ports")
    }

    public var wire: JSONValue { ["ports": .list(ports)] }
}

extension JSONReader {
    func transport(_ key: String) throws(JSONFieldError) -> IPProtocol {
        try required(key).text("tcp, udp, icmp, icmpv6 or a protocol's number", IPProtocol.init)
    }

    func code(_ key: String) throws(JSONFieldError) -> ReasonCode? {
        guard let text = try optional(key)?.string() else { return nil }
        return ReasonCode(rawValue: text)
    }
}
