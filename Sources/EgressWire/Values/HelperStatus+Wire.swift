public import EgressModel
public import EgressPlan
public import JSONText

extension HelperStatus: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(
            helper: try reader.value("helper"), node: try reader.required("node").string(),
            uptimeSeconds: try reader.required("uptimeSeconds").integer(as: Int64.self), restarts: try reader.required("restarts").int(),
            revision: try reader.required("revision").counter(), attachments: try reader.list("attachments"),
            notGoverned: try reader.list("notGoverned"), steering: try reader.value("steering"),
            exemptConnections: try reader.optional("exemptConnections")?.integer(in: 0...Int.max) ?? 0,
            endedConnections: try reader.optional("endedConnections") == nil ? [] : reader.list("endedConnections"),
            maps: try reader.list("maps"), counters: try reader.list("counters"),
            lastError: try reader.optional("lastError")?.string())
    }

    public var wire: JSONValue {
        [
            "helper": helper.wire, "node": .string(node), "uptimeSeconds": JSONValue(uptimeSeconds), "restarts": JSONValue(restarts),
            "revision": .counter(revision), "attachments": .list(attachments), "notGoverned": .list(notGoverned),
            "steering": steering.wire, "exemptConnections": JSONValue(exemptConnections), "endedConnections": .list(endedConnections),
            "maps": .list(maps), "counters": .list(counters), "lastError": .text(lastError),
        ]
    }
}

extension HelperVersion: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(
            version: try reader.required("version").string(), abi: try reader.required("abi").int(),
            datapath: try reader.required("datapath").string())
    }

    public var wire: JSONValue { ["version": .string(version), "abi": JSONValue(abi), "datapath": .string(datapath)] }
}

extension AttachedProgram: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(
            program: try reader.required("program").word(), interface: try reader.required("interface").string(),
            interfaceIndex: try reader.required("interfaceIndex").int())
    }

    public var wire: JSONValue {
        ["program": .string(program.rawValue), "interface": .string(interface), "interfaceIndex": JSONValue(interfaceIndex)]
    }
}

extension ObjectReference: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(
            kind: try reader.required("kind").string(), namespace: try reader.optional("namespace")?.string(),
            name: try reader.required("name").string())
    }

    public var wire: JSONValue { ["kind": .string(kind), "namespace": .text(namespace), "name": .string(name)] }
}

extension EndedConnections: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(pod: try reader.value("pod"), reason: try reader.required("reason").string())
    }

    public var wire: JSONValue { ["pod": pod.wire, "reason": .string(reason)] }
}

extension MapFill: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(
            name: try reader.required("name").string(), used: try reader.required("used").int(),
            capacity: try reader.required("capacity").int())
    }

    public var wire: JSONValue { ["name": .string(name), "used": JSONValue(used), "capacity": JSONValue(capacity)] }
}

extension DatapathCounter: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(
            name: try reader.required("name").string(), code: try reader.optional("code").map(Self.code),
            packets: try reader.required("packets").counter(), bytes: try reader.required("bytes").counter())
    }

    private static func code(_ reader: JSONReader) throws(JSONFieldError) -> ReasonCode { ReasonCode(rawValue: try reader.string()) }

    public var wire: JSONValue {
        ["name": .string(name), "code": .text(code), "packets": .counter(packets), "bytes": .counter(bytes)]
    }
}
