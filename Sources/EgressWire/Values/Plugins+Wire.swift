import EgressModel
public import EgressPlan
public import JSONText

extension PluginStatus: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(
            name: try reader.required("name").string(), version: try reader.required("version").string(),
            module: try reader.required("module").string(), isHealthy: try reader.required("healthy").bool(),
            reason: try reader.optional("reason")?.string(), restarts: try reader.required("restarts").int())
    }

    public var wire: JSONValue {
        [
            "name": .string(name), "version": .string(version), "module": .string(module), "healthy": .bool(isHealthy),
            "reason": .text(reason), "restarts": JSONValue(restarts),
        ]
    }
}

/// Answer of `plugins.list`.
public struct PluginList: Sendable, Hashable, WireValue {
    public var plugins: [PluginStatus]

    public init(_ plugins: [PluginStatus]) {
        self.plugins = plugins
    }

    public init(wire reader: JSONReader) throws(JSONFieldError) {
        plugins = try reader.list("plugins")
    }

    public var wire: JSONValue { ["plugins": .list(plugins)] }
}

extension PluginAnswer: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(
            version: try reader.required("version").string(), ipv4: try reader.addresses("ipv4", .ipv4),
            ipv6: try reader.addresses("ipv6", .ipv6), interface: try reader.optionalInterface("interface"),
            claim: try reader.required("claim").bool(),
            validSeconds: try reader.optional("validSeconds")?.integer(in: 0...Int64.max))
    }

    public var wire: JSONValue {
        [
            "version": .string(version), "ipv4": .texts(ipv4), "ipv6": .texts(ipv6), "interface": .text(interface), "claim": .bool(claim),
            "validSeconds": .number(validSeconds),
        ]
    }
}
