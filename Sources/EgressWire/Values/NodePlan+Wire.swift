public import EgressModel
public import EgressPlan
public import EgressPolicy
public import JSONText

/// Whether a message carries the tunnel's tokens.
public enum TokenVisibility: Sendable, Hashable {
    /// `plan.apply`, and the helper's own file.
    case shown
    /// Every answer: `null`.
    case hidden
}

extension NodePlan {
    /// Reads a plan, whole or not at all: whatever is out of range is an error with its path.
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(
            node: try reader.required("node").name(upTo: 253), tunnel: try TunnelPlan(wire: reader.required("tunnel")),
            ranges: try reader.value("ranges"), cluster: try reader.list("cluster"), peers: try reader.list("peers"),
            policies: try reader.list("policies"), entries: try reader.list("entries"),
            awaited: try reader.optional("awaited") == nil ? [] : try reader.addresses("awaited"),
            sets: try reader.list("sets") { set throws(JSONFieldError) in try Self.rules(set) }, pods: try reader.list("pods"),
            foreignOwner: try reader.optional("foreignOwner")?.string(), steering: try reader.optional("steering")?.word())
        try checkReferences(reader)
    }

    public func wire(tokens: TokenVisibility) -> JSONValue {
        [
            "node": .string(node), "tunnel": tunnel.wire(tokens: tokens), "ranges": ranges.wire, "cluster": .list(cluster),
            "peers": .list(peers), "policies": .list(policies), "entries": .list(entries), "awaited": .texts(awaited),
            "sets": .array(sets.map { .list($0) }),
            "pods": .list(pods), "foreignOwner": foreignOwner.map { .string($0) } ?? .null,
            "steering": .text(steering?.rawValue),
        ]
    }

    private static func rules(_ set: JSONReader) throws(JSONFieldError) -> [PlannedRule] {
        var rules: [PlannedRule] = []
        var prefixes: Set<IPPrefix> = []
        for reader in try set.array() {
            let rule = try PlannedRule(wire: reader)
            guard prefixes.insert(rule.prefix).inserted else { throw reader.fault("prefix", "\(rule.prefix) is in this set twice") }
            rules.append(rule)
        }
        return rules
    }

    private func checkReferences(_ reader: JSONReader) throws(JSONFieldError) {
        var ids: Set<UInt32> = []
        for (position, entry) in entries.enumerated() where !ids.insert(entry.id).inserted {
            throw JSONFieldError(path: reader.path.appending("entries").appending(position).appending("id"), "\(entry.id) is there twice")
        }
        for (position, pod) in pods.enumerated() where !sets.indices.contains(pod.set) {
            let path = reader.path.appending("pods").appending(position).appending("set")
            throw JSONFieldError(path: path, "is \(pod.set), but the plan has \(sets.count) sets")
        }
    }
}

extension TunnelPlan {
    init(wire reader: JSONReader) throws(JSONFieldError) {
        let port = try reader.required("port").integer(in: 1...UInt16.max)
        self.init(address: try reader.optionalAddress("address"), port: port, tokens: try reader.tokens("tokens"))
    }

    func wire(tokens visibility: TokenVisibility) -> JSONValue {
        let texts = visibility == .shown ? JSONValue.strings(tokens.map { hexText($0.octets) }) : .null
        return ["address": .text(address), "port": JSONValue(port), "tokens": texts]
    }
}

extension JSONReader {
    /// At most two (`EGRESS_TOKENS`), each 24 hexadecimal digits; none where they are hidden. The text never gets into an error.
    func tokens(_ key: String) throws(JSONFieldError) -> [TunnelToken] {
        guard let reader = try optional(key) else { return [] }
        var tokens: [TunnelToken] = []
        for element in try reader.array() {
            guard let octets = hexOctets(try element.string()), let token = TunnelToken(octets: octets) else {
                throw element.fault("must be \(2 * TunnelToken.length) hexadecimal digits")
            }
            tokens.append(token)
        }
        guard tokens.count <= 2 else { throw reader.fault("has \(tokens.count) tokens, at most 2 are valid at a time") }
        return tokens
    }
}

func hexText(_ octets: [UInt8]) -> String {
    octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

func hexOctets(_ text: String) -> [UInt8]? {
    let digits = text.unicodeScalars.map { Character($0).isASCII ? Character($0).hexDigitValue : nil }
    guard digits.count.isMultiple(of: 2) else { return nil }
    var octets: [UInt8] = []
    for index in stride(from: 0, to: digits.count, by: 2) {
        guard let high = digits[index], let low = digits[index + 1] else { return nil }
        octets.append(UInt8(high << 4 | low))
    }
    return octets
}

extension ClusterRanges: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(pods: try reader.prefixes("pods"), services: try reader.prefixes("services"))
    }

    public var wire: JSONValue { ["pods": .texts(pods), "services": .texts(services)] }
}

extension InClusterRange: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(try reader.required("prefix").prefix(), try reader.required("kind").word())
    }

    public var wire: JSONValue { ["prefix": .text(prefix), "kind": .string(kind.rawValue)] }
}

extension PeerNode: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(
            name: try reader.required("name").name(upTo: 253), address: try reader.required("address").address(),
            podCIDRs: try reader.prefixes("podCIDRs"))
    }

    public var wire: JSONValue { ["name": .string(name), "address": .text(address), "podCIDRs": .texts(podCIDRs)] }
}
