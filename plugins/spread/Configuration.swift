// SPDX-License-Identifier: Apache-2.0

/// What `strategy-config` says; README.md and config.schema.json say the same.
struct Configuration {
    private(set) var ipv4 = AddressSet([])
    private(set) var ipv6 = AddressSet([])
    /// Name or alternative name; `nil`: any.
    private(set) var interface: [UInt8]?
    /// Of each family.
    private(set) var most = 16
    private(set) var claims = false
    /// Who shares the addresses; empty: nobody does.
    private(set) var nodes: [[UInt8]] = []

    private static let mostElements = 64
    private static let longestNode = 253  // RFC 1123, as Kubernetes has it
    private static let longestInterface = 127  // ALTIFNAMSIZ

    /// Throws a refusal that names the field.
    init(json text: UnsafePointer<CChar>) throws(Refusal) {
        self = try JSON.parsing(text) { json throws(Refusal) in try Configuration(json) }
    }

    private init(_ json: JSON) throws(Refusal) {
        guard json.isObject else { throw .badConfig("the configuration must be a JSON object") }
        var read = Configuration.empty
        try json.forEachField { key, value throws(Refusal) in try read.take(key, value) }
        self = read
        guard !ipv4.isEmpty || !ipv6.isEmpty else { throw .badConfig("ipv4, ipv6: one of them must have an address") }
        guard !claims || interface != nil else { throw .badConfig("claim: needs interface, which the addresses are put on") }
        guard nodes.isEmpty || claims else { throw .badConfig("nodes: needs claim: true; without it each gateway uses what it holds") }
        for (family, set) in [(Family.ipv4, ipv4), (.ipv6, ipv6)] where !nodes.isEmpty {
            guard set.lowest(Share.mostAddresses + 1).count <= Share.mostAddresses else {
                throw .badConfig("\(family.key): has more than \(Share.mostAddresses) addresses, which is the most that nodes can share")
            }
        }
    }

    private init() {}
    private static let empty = Configuration()

    private mutating func take(_ key: String, _ value: JSON) throws(Refusal) {
        if Self.same(key, "ipv4") {
            ipv4 = try Self.addresses(.ipv4, value)
        } else if Self.same(key, "ipv6") {
            ipv6 = try Self.addresses(.ipv6, value)
        } else if Self.same(key, "interface") {
            interface = try Self.interface(value)
        } else if Self.same(key, "most") {
            guard let number = value.integer, (1...16).contains(number) else { throw .badConfig("most: must be a number from 1 to 16") }
            most = Int(number)
        } else if Self.same(key, "claim") {
            guard let claim = value.bool else { throw .badConfig("claim: must be true or false") }
            claims = claim
        } else if Self.same(key, "nodes") {
            nodes = try Self.nodes(value)
        } else {
            throw .badConfig("\(key): there is no such field; there are ipv4, ipv6, interface, most, claim and nodes")
        }
    }

    /// By bytes: Unicode's equality would need tables that this module goes without.
    private static func same(_ text: String, _ other: String) -> Bool { text.utf8.elementsEqual(other.utf8) }

    private static func addresses(_ family: Family, _ value: JSON) throws(Refusal) -> AddressSet {
        let elements = try elements(family.key, "addresses, prefixes and ranges", value)
        var ranges: [AddressRange] = []
        for (position, element) in elements.enumerated() {
            do throws(Refusal) {
                guard let bytes = element.bytes else { throw .badConfig("is no \(family.name) address, prefix or range") }
                ranges.append(try AddressRange(family, bytes))
            } catch {
                throw .badConfig("\(family.key)[\(position)]: \(element.text) \(error.text)")
            }
        }
        return AddressSet(ranges)
    }

    private static func interface(_ value: JSON) throws(Refusal) -> [UInt8]? {
        if value.isNull { return nil }
        guard let name = value.bytes, (1...longestInterface).contains(name.count) else {
            throw .badConfig("interface: must be null or a name of 1 to \(longestInterface) bytes")
        }
        return name
    }

    private static func nodes(_ value: JSON) throws(Refusal) -> [[UInt8]] {
        var names: [[UInt8]] = []
        for (position, element) in try elements("nodes", "names of nodes", value).enumerated() {
            guard let name = element.bytes, (1...longestNode).contains(name.count) else {
                throw .badConfig("nodes[\(position)]: must be a name of 1 to \(longestNode) bytes")
            }
            guard !names.contains(name) else { throw .badConfig("nodes[\(position)]: \(element.text) is there twice") }
            names.append(name)
        }
        return names
    }

    private static func elements(_ key: String, _ what: String, _ value: JSON) throws(Refusal) -> [JSON] {
        guard value.isArray else { throw .badConfig("\(key): must be a list of \(what)") }
        let elements = value.elements
        guard elements.count <= mostElements else {
            throw .badConfig("\(key): has \(elements.count) elements; \(mostElements) are allowed")
        }
        return elements
    }
}
