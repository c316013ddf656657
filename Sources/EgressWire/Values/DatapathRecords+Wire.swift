import EgressModel
public import EgressPlan
import EgressPolicy
public import JSONText

extension DatapathSettings: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(
            tunnelIndex: try reader.index("tunnelIndex"), nodeAddress: try reader.optionalAddress("nodeAddress"),
            tunnelMTU: try reader.required("tunnelMTU").int(), limits: try reader.optionalValue("limits") ?? .standard,
            stackMark: try reader.number("stackMark"),
            tokens: try reader.tokens("tokens"), hops: try reader.addresses("hops"))
    }

    /// Never with its tokens.
    public var wire: JSONValue {
        [
            "tunnelIndex": JSONValue(tunnelIndex), "nodeAddress": .text(nodeAddress), "tunnelMTU": JSONValue(tunnelMTU),
            "limits": limits.wire, "stackMark": JSONValue(stackMark), "tokens": .null, "hops": .texts(hops),
        ]
    }
}

extension Attachment: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(program: try reader.required("program").word(), interfaceIndex: try reader.index("interfaceIndex"))
    }

    public var wire: JSONValue { ["program": .string(program.rawValue), "interfaceIndex": JSONValue(interfaceIndex)] }
}

extension PodRecord: WireRow {
    init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(
            ipv4: try reader.optionalAddress("ipv4", .ipv4), ipv6: try reader.optionalAddress("ipv6", .ipv6),
            set: try reader.number("set"), deliverIndex: try reader.index("deliverIndex"),
            steering: try reader.required("steering").word(), mode: try reader.required("mode").word())
    }

    var columns: JSONObject {
        [
            "ipv4": .text(ipv4), "ipv6": .text(ipv6), "set": JSONValue(set), "deliverIndex": JSONValue(deliverIndex),
            "steering": .string(steering.rawValue), "mode": .string(mode.rawValue),
        ]
    }
}

extension SetRule: WireValue {
    /// By prefix; a set holds a prefix once.
    static func inOrder(_ a: SetRule, _ b: SetRule) -> Bool { (a.prefix, a.policy) < (b.prefix, b.policy) }

    public init(wire reader: JSONReader) throws(JSONFieldError) {
        let action: Action
        switch try reader.required("action").string() {
        case "gateway": action = .gateway
        case "exclude": action = .exclude
        case "drop": action = .drop(try reader.required("drop").integer(as: UInt8.self))
        case let word: throw reader.fault("action", "\"\(word)\" is none of gateway, exclude, drop")
        }
        self.init(prefix: try reader.required("prefix").prefix(), action: action, policy: try reader.number("policy"))
    }

    public var wire: JSONValue {
        let (word, drop): (JSONValue, JSONValue) =
            switch action {
            case .gateway: ("gateway", .null)
            case .exclude: ("exclude", .null)
            case .drop(let reason): ("drop", JSONValue(reason))
            }
        return ["prefix": .text(prefix), "action": word, "drop": drop, "policy": JSONValue(policy)]
    }
}

extension GatewayChoice: WireRow {
    init(wire reader: JSONReader) throws(JSONFieldError) {
        let ranked = try reader.list("ranked") { element throws(JSONFieldError) in
            Ranked(
                entry: try element.entryID("entry"), gateway: try element.required("gateway").address(),
                egress: try element.optional("egress")?.address())
        }
        self.init(onNoGateway: try reader.required("onNoGateway").word(), ranked: ranked)
    }

    var columns: JSONObject {
        [
            "onNoGateway": .string(onNoGateway.rawValue),
            "ranked": .array(ranked.map { ["entry": JSONValue($0.entry), "gateway": .text($0.gateway), "egress": .text($0.egress)] }),
        ]
    }
}

extension GatewayRecord: WireRow {
    init(wire reader: JSONReader) throws(JSONFieldError) {
        let place = try reader.required("place")
        guard let known = Place(rawValue: try place.string()) else { throw place.fault("is none of local, remote") }
        self.init(place: known, isHealthy: try reader.required("healthy").bool())
    }

    var columns: JSONObject { ["place": .string(place.rawValue), "healthy": .bool(isHealthy)] }
}

extension NodeRecord: WireRow {
    var columns: JSONObject { ["podNetwork": .text(podNetwork), "podNetwork6": .text(podNetwork6)] }
}

extension ConnectionLimits: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(
            connectionsPerPod: try reader.number("connectionsPerPod"), translationsPerEntry: try reader.number("translationsPerEntry"))
    }

    public var wire: JSONValue {
        ["connectionsPerPod": JSONValue(connectionsPerPod), "translationsPerEntry": JSONValue(translationsPerEntry)]
    }
}

extension EgressAddressRecord: WireRow {
    init(wire reader: JSONReader) throws(JSONFieldError) {
        var ports: ClosedRange<UInt16>?
        if try reader.optional("ports") != nil { ports = try reader.ports("ports") }
        self.init(isShared: try reader.required("shared").bool(), ports: ports)
    }

    var columns: JSONObject { ["shared": .bool(isShared), "ports": ports.map { .range($0) { JSONValue($0) } } ?? .null] }
}

extension EntryRecord: WireRow {
    init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(
            egressIPv4: try reader.addresses("egressIPv4", .ipv4), egressIPv6: try reader.addresses("egressIPv6", .ipv6),
            draining: try reader.addresses("draining"), set: try reader.number("set"),
            interfaceIndex: try reader.optional("interfaceIndex")?.integer(in: 0...Int(Int32.max)), policy: try reader.number("policy"),
            keptPorts: try reader.ports("keptPorts"), portSlice: try reader.ports("portSlice"),
            isShared: try reader.required("shared").bool())
    }

    var columns: JSONObject {
        [
            "egressIPv4": .texts(egressIPv4), "egressIPv6": .texts(egressIPv6), "draining": .texts(draining), "set": JSONValue(set),
            "interfaceIndex": .number(interfaceIndex), "policy": JSONValue(policy),
            "keptPorts": .range(keptPorts) { JSONValue($0) }, "portSlice": .range(portSlice) { JSONValue($0) }, "shared": .bool(isShared),
        ]
    }
}

extension NetfilterRules: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(
            tunnelPort: try reader.optional("tunnelPort")?.integer(as: UInt16.self), guarded: try reader.list("guarded"),
            uplinks: try reader.strings("uplinks"), stackMark: try reader.optional("stackMark")?.integer(in: 1...UInt32.max),
            dedicated: try reader.addresses("dedicated"), shared: try reader.addresses("shared"))
    }

    public var wire: JSONValue {
        [
            "tunnelPort": .number(tunnelPort), "guarded": .list(guarded), "uplinks": .strings(uplinks), "stackMark": .number(stackMark),
            "dedicated": .texts(dedicated), "shared": .texts(shared),
        ]
    }
}

extension GuardedSources: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        let claimed = try reader.list("claimed") { element throws(JSONFieldError) in
            try element.range(from: try element.required("first").address(), to: try element.required("last").address())
        }
        self.init(sources: try reader.addresses("sources"), claimed: claimed)
    }

    public var wire: JSONValue { ["sources": .texts(sources), "claimed": .array(claimed.map { .range($0) { .text($0) } })] }
}

extension JSONValue {
    /// `{"first":…,"last":…}`, both inside.
    static func range<Bound>(_ range: ClosedRange<Bound>, _ bound: (Bound) -> JSONValue) -> JSONValue {
        ["first": bound(range.lowerBound), "last": bound(range.upperBound)]
    }
}

extension JSONReader {
    func range<Bound>(from first: Bound, to last: Bound) throws(JSONFieldError) -> ClosedRange<Bound> {
        guard first <= last else { throw fault("its last is before its first") }
        return first...last
    }

    func ports(_ key: String) throws(JSONFieldError) -> ClosedRange<UInt16> {
        let reader = try required(key)
        return try reader.range(
            from: try reader.required("first").integer(as: UInt16.self), to: try reader.required("last").integer(as: UInt16.self))
    }
}
