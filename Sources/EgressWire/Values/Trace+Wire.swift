import EgressModel
public import EgressPlan
public import JSONText

/// Params of `trace.run`. `from` is a pod of this node, or another node with one of its pods' addresses.
extension TraceRequest: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        let from = try reader.required("from")
        let origin: Origin
        if let name = try from.optional("pod") {
            origin = .pod(namespace: try from.required("namespace").name(upTo: 253), name: try name.name(upTo: 253))
        } else {
            origin = .node(
                name: try from.required("node").name(upTo: 253), entry: try from.entryID("entry"),
                source: try from.required("source").address())
        }
        self.init(
            origin: origin, transport: try reader.transport("protocol"), destination: try reader.value("destination"),
            sourcePort: try reader.optional("sourcePort")?.integer(as: UInt16.self) ?? Self.usualPort,
            opens: try reader.optional("opens")?.bool() ?? true)
    }

    public var wire: JSONValue {
        let from: JSONValue =
            switch origin {
            case .pod(let namespace, let name): ["namespace": .string(namespace), "pod": .string(name)]
            case .node(let name, let entry, let source):
                ["node": .string(name), "entry": JSONValue(entry), "source": .text(source)]
            }
        return [
            "from": from, "protocol": .text(transport), "destination": destination.wire, "sourcePort": JSONValue(sourcePort),
            "opens": .bool(opens),
        ]
    }
}

extension TraceStep: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(
            lookup: try reader.required("lookup").string(), isFound: try reader.required("found").bool(),
            detail: try reader.required("detail").string())
    }

    public var wire: JSONValue { ["lookup": .string(lookup), "found": .bool(isFound), "detail": .string(detail)] }
}

extension TraceResult: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(
            node: try reader.required("node").string(), verdict: try reader.required("verdict").word(), code: try reader.code("code"),
            source: try reader.value("source"), destination: try reader.value("destination"), transport: try reader.transport("protocol"),
            egress: try reader.optionalValue("egress"), policy: try reader.optional("policy")?.string(),
            gatewayNode: try reader.optional("gatewayNode")?.string(),
            entry: try reader.optional("entry")?.integer(as: UInt32.self), steps: try reader.list("steps"),
            given: try reader.required("given").string(), left: try reader.required("left").string())
    }

    public var wire: JSONValue {
        [
            "node": .string(node), "verdict": .string(verdict.rawValue), "code": .text(code), "source": source.wire,
            "destination": destination.wire, "protocol": .text(transport), "egress": egress?.wire ?? .null, "policy": .text(policy),
            "gatewayNode": .text(gatewayNode), "entry": .number(entry), "steps": .list(steps), "given": .string(given),
            "left": .string(left),
        ]
    }
}
