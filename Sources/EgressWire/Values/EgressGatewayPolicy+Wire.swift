public import EgressModel
public import JSONText

/// An accepted policy, in the model's own words: conflicts of the manifest are settled, defaults are written out.
extension EgressGatewayPolicy: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(
            metadata: try reader.value("metadata"), selectors: try reader.list("selectors"),
            destinationCIDRs: try reader.prefixes("destinationCIDRs"), excludedCIDRs: try reader.prefixes("excludedCIDRs"),
            gateways: try reader.list("gateways"), strategy: try reader.optionalValue("strategy"),
            priority: try reader.required("priority").int(), onNoGateway: try reader.required("onNoGateway").word())
    }

    public var wire: JSONValue {
        [
            "metadata": metadata.wire, "selectors": .list(selectors), "destinationCIDRs": .texts(destinationCIDRs),
            "excludedCIDRs": .texts(excludedCIDRs), "gateways": .list(gateways), "strategy": strategy?.wire ?? .null,
            "priority": JSONValue(priority), "onNoGateway": .string(onNoGateway.rawValue),
        ]
    }
}

extension ObjectMetadata: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(
            name: try reader.required("name").name(upTo: 253), namespace: try reader.optional("namespace")?.name(upTo: 253),
            uid: try reader.policyUID("uid"), labels: try reader.stringMap("labels"), annotations: try reader.stringMap("annotations"),
            creationTimestamp: try reader.optional("creationTimestamp")?.string(),
            generation: try reader.required("generation").integer(as: Int64.self))
    }

    public var wire: JSONValue {
        [
            "name": .string(name), "namespace": .text(namespace), "uid": .string(uid), "labels": .map(labels),
            "annotations": .map(annotations), "creationTimestamp": .text(creationTimestamp), "generation": JSONValue(generation),
        ]
    }
}

extension EgressSelector: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(
            podSelector: try reader.optionalValue("podSelector"), namespaceSelector: try reader.optionalValue("namespaceSelector"),
            nodeSelector: try reader.optionalValue("nodeSelector"))
    }

    public var wire: JSONValue {
        [
            "podSelector": podSelector?.wire ?? .null, "namespaceSelector": namespaceSelector?.wire ?? .null,
            "nodeSelector": nodeSelector?.wire ?? .null,
        ]
    }
}

extension LabelSelector: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(matchLabels: try reader.stringMap("matchLabels"), matchExpressions: try reader.list("matchExpressions"))
    }

    public var wire: JSONValue { ["matchLabels": .map(matchLabels), "matchExpressions": .list(matchExpressions)] }
}

extension LabelRequirement: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(
            key: try reader.required("key").string(), operation: try reader.required("operator").word(),
            values: try reader.strings("values"))
    }

    public var wire: JSONValue {
        ["key": .string(key), "operator": .string(operation.rawValue), "values": .strings(values)]
    }
}

/// `egressIP` or `interface` or neither, as in a manifest.
extension GatewayEntry: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        let source: Source
        switch (try reader.optionalAddress("egressIP"), try reader.optionalInterface("interface")) {
        case (let address?, nil): source = .address(address)
        case (nil, let interface?): source = .interface(interface)
        case (nil, nil): source = .defaultRoute
        case (.some, .some): throw reader.fault("has both egressIP and interface")
        }
        self.init(nodeSelector: try reader.value("nodeSelector"), source: source)
    }

    public var wire: JSONValue {
        var members: JSONObject = ["nodeSelector": nodeSelector.wire, "egressIP": .null, "interface": .null]
        switch source {
        case .address(let address): members["egressIP"] = .text(address)
        case .interface(let name): members["interface"] = .string(name)
        case .defaultRoute: break
        }
        return .object(members)
    }
}

extension StrategyReference: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(name: try reader.required("name").string(), configuration: try reader.required("configuration").string())
    }

    public var wire: JSONValue { ["name": .string(name), "configuration": .string(configuration)] }
}

extension JSONReader {
    /// The datapath keeps a policy's UID in 64 bytes that end with NUL (`EGRESS_POLICY_UID_LENGTH`).
    func policyUID(_ key: String) throws(JSONFieldError) -> String { try required(key).name(upTo: 63) }

    /// The 22 bits of an entry in the tunnel's identifier; 0 is reserved.
    func entryID(_ key: String) throws(JSONFieldError) -> UInt32 { try required(key).integer(in: 1...0x3F_FFFF) }
}
