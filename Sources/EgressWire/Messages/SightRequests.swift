import EgressModel
public import EgressPlan
public import JSONText

/// What of a connection must fit; what isn't given is `null` or missing.
extension ConnectionFilter: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(
            namespace: try reader.optional("namespace")?.string(), pod: try reader.optional("pod")?.string(),
            podAddresses: try reader.optional("podAddresses") == nil ? [] : try reader.addresses("podAddresses"),
            policy: try reader.optional("policy")?.string(), egressIP: try reader.optionalAddress("egressIP"),
            remote: try reader.optional("remote")?.prefix(), remotePort: try reader.optional("remotePort")?.integer(as: UInt16.self))
    }

    public var wire: JSONValue {
        [
            "namespace": .text(namespace), "pod": .text(pod), "podAddresses": .texts(podAddresses), "policy": .text(policy),
            "egressIP": .text(egressIP), "remote": .text(remote), "remotePort": .number(remotePort),
        ]
    }
}

/// Params of `flows.watch`; empty: everything.
extension FlowQuery: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init()
        filter = try reader.optionalValue("filter") ?? ConnectionFilter()
        if try reader.optional("kinds") != nil {
            kinds = Set(try reader.list("kinds") { kind throws(JSONFieldError) in try kind.word(FlowEvent.Kind.self) })
        }
    }

    public var wire: JSONValue { ["filter": filter.wire, "kinds": .strings(kinds.map(\.rawValue).sorted())] }
}

/// Params of `nat.list`; empty: everything.
extension TranslationQuery: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init()
        filter = try reader.optionalValue("filter") ?? ConnectionFilter()
        limit = try reader.optional("limit")?.integer(in: 1...Self.mostAtOnce) ?? limit
    }

    public var wire: JSONValue { ["filter": filter.wire, "limit": JSONValue(limit)] }
}

/// Params of `ports.get`; empty: the fullest of all.
extension PortQuery: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init()
        egressIP = try reader.optionalAddress("egressIP")
        remote = try reader.optionalAddress("remote")
        remotePort = try reader.optional("remotePort")?.integer(as: UInt16.self)
        limit = try reader.optional("limit")?.integer(in: 1...Self.mostAtOnce) ?? limit
    }

    public var wire: JSONValue {
        ["egressIP": .text(egressIP), "remote": .text(remote), "remotePort": .number(remotePort), "limit": JSONValue(limit)]
    }
}
