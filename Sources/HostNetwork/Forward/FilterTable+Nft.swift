// SPDX-License-Identifier: Apache-2.0
import JSONText

/// What `nft -j` prints (libnftables-json(5)), as tables.
struct NftRuleset {
    /// By family and name.
    private(set) var tables: [String: FilterTable] = [:]

    /// `nil` for anything but nft's JSON.
    init?(json: [UInt8]) {
        guard let value = try? JSONValue(parsing: json), let objects = value["nftables"]?.arrayValue else { return nil }
        for object in objects { add(object) }
    }

    /// Families whose chains forwarded IP packets come by.
    private static let families: Set<String> = ["ip", "ip6", "inet"]

    /// Family and name of those that have a chain that filters where forwarded packets come by, sorted.
    var filtering: [(family: String, name: String)] {
        tables.keys.sorted().compactMap { key in
            guard let table = tables[key], !FilterTable.known.contains(table.name), table.chains.values.contains(where: { $0.hook != nil })
            else { return nil }
            return (String(key.prefix { $0 != " " }), table.name)
        }
    }

    mutating func take(_ other: NftRuleset) { tables.merge(other.tables) { _, new in new } }

    private mutating func add(_ object: JSONValue) {
        if let chain = object["chain"] { addChain(chain) }
        if let rule = object["rule"] { add(rule["expr"], to: rule["chain"], of: rule) }
        // A verdict map is gone to as a chain is, and its elements are what its rules would do.
        if let map = object["map"] { add(map["elem"], to: map["name"].flatMap(\.stringValue).map { .string("@\($0)") }, of: map) }
    }

    private mutating func withTable(of object: JSONValue, _ body: (inout FilterTable) -> Void) {
        guard let family = object["family"]?.stringValue, Self.families.contains(family), let name = object["table"]?.stringValue else {
            return
        }
        let key = "\(family) \(name)"
        body(&tables[key, default: FilterTable(place: "nft \(key)", name: name)])
    }

    private mutating func addChain(_ chain: JSONValue) {
        guard let name = chain["name"]?.stringValue else { return }
        // Chains of translation see a connection's first packet only, and decide nothing.
        let hook = chain["type"]?.stringValue == "filter" ? Self.hook(chain["hook"]?.stringValue) : nil
        let drops = chain["policy"]?.stringValue == "drop"
        withTable(of: chain) { table in
            table.chains[name, default: FilterChain()].hook = hook
            table.chains[name, default: FilterChain()].dropsByPolicy = drops
        }
    }

    private static func hook(_ name: String?) -> FilterChain.Hook? {
        switch name {
        case "forward": .forward
        case "prerouting", "ingress": .prerouting
        case "postrouting": .postrouting
        default: nil
        }
    }

    private mutating func add(_ expressions: JSONValue?, to chain: JSONValue?, of object: JSONValue) {
        guard let name = chain?.stringValue, let expressions else { return }
        var verdicts = NftVerdicts()
        verdicts.read(expressions)
        withTable(of: object) { $0.chains[name, default: FilterChain()].verdicts += verdicts.all }
    }
}

/// The verdicts in a rule's expressions, however deep.
private struct NftVerdicts {
    private var found: [FilterVerdict] = []
    /// An extension of iptables without its name, as nft before 1.0.3 prints them: a match, or else the rule's target.
    private var hasNameless = false
    private var hasVerdict = false

    var all: [FilterVerdict] { hasNameless && !hasVerdict ? found + [.unknown("without a name")] : found }

    mutating func read(_ value: JSONValue) {
        for element in value.arrayValue ?? [] { read(element) }
        for member in value.objectValue?.members ?? [] { read(member.key, member.value) }
    }

    private mutating func read(_ key: String, _ value: JSONValue) {
        switch key {
        case "drop", "reject": note(.drop)
        case "queue": note(.queue)
        case "jump", "goto": note(value["target"]?.stringValue.map { .jump($0) })
        case "accept", "return", "continue": hasVerdict = true
        case "xt": readExtension(value)
        case "vmap":
            note(value["data"]?.stringValue.map { .jump($0) })
            read(value)
        default: read(value)
        }
    }

    private mutating func readExtension(_ value: JSONValue) {
        guard let name = value["name"]?.stringValue else { return hasNameless = true }
        guard value["type"]?.stringValue == "target" else { return }
        note(FilterVerdict(target: name))
    }

    private mutating func note(_ verdict: FilterVerdict?) {
        hasVerdict = true
        if let verdict { found.append(verdict) }
    }
}
