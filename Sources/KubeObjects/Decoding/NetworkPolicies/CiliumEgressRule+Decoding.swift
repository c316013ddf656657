import EgressModel
import JSONText

extension ObjectChecker {
    private static let peerFields = [
        "toEndpoints", "toCIDR", "toCIDRSet", "toEntities", "toFQDNs", "toServices", "toNodes", "toGroups",
    ]

    mutating func ciliumRule(_ reader: JSONReader, denies: Bool) -> NetworkPolicyRule {
        warnOfUnknown(in: reader, known: Self.peerFields + ["toPorts", "toRequires", "icmps", "authentication"])
        if denies, let names = member("toFQDNs", of: reader) {
            report(.error, .fieldType, names.path, "is for egress alone: names can't be denied", atKey: true)
        }
        var rule = NetworkPolicyRule(path: reader.path.description)
        let fields = Self.peerFields.compactMap { name in member(name, of: reader).map { (name, $0) } }
        let filled = fields.filter { !($0.1.value.arrayValue?.isEmpty ?? false) }
        if filled.count > 1, let second = filled.last {
            let others = filled.dropLast().map(\.0).joined(separator: ", ")
            report(
                .warning, .ruleNotJudged, second.1.path, "stands beside \(others), which Cilium refuses", hint: "write one rule for each",
                atKey: true)
        }
        for (name, list) in fields {
            var peers = rule.peers ?? []
            for element in elements(list) { peers += ciliumPeer(name, element) }
            rule.peers = peers
        }
        if filled.count > 1 {
            rule.peers = [NetworkPeer(path: rule.path, .unjudged("more than one kind of destination", outsideOnly: false))]
        }
        ports(of: reader, into: &rule)
        if member("toRequires", of: reader) != nil { rule.conditions.append("toRequires") }
        if member("authentication", of: reader) != nil { rule.conditions.append("authentication") }
        // A rule that says nothing allows, or denies, nothing.
        if rule.peers == nil, rule.ports == nil { rule.peers = [] }
        return rule
    }

    private mutating func ciliumPeer(_ field: String, _ reader: JSONReader) -> [NetworkPeer] {
        let path = reader.path.description
        let match: NetworkPeer.Match?
        switch field {
        case "toEndpoints": match = endpointSelector(reader)
        case "toCIDR": match = cidr(reader).map { .block($0, except: []) }
        case "toCIDRSet": return cidrSet(reader).map { [$0] } ?? []
        case "toEntities": match = entity(reader)
        case "toFQDNs": match = hostName(reader)
        case "toGroups": match = .unjudged("toGroups", outsideOnly: true)
        default: match = .unjudged(field, outsideOnly: false)
        }
        return match.map { [NetworkPeer(path: path, $0)] } ?? []
    }

    /// Cilium takes a bare address too.
    private mutating func cidr(_ reader: JSONReader) -> IPPrefix? {
        if let text = reader.value.stringValue, let address = IPAddress(text) { return IPPrefix(host: address) }
        return clusterPrefix(reader)
    }

    private mutating func cidrSet(_ reader: JSONReader) -> NetworkPeer? {
        warnOfUnknown(in: reader, known: ["cidr", "cidrGroupRef", "cidrGroupSelector", "except"])
        for field in ["cidrGroupRef", "cidrGroupSelector"] where member(field, of: reader) != nil {
            return NetworkPeer(path: reader.path.description, .unjudged(field, outsideOnly: true))
        }
        return blockPeer(reader, requiredMember("cidr", of: reader), except: member("except", of: reader))
    }

    private mutating func entity(_ reader: JSONReader) -> NetworkPeer.Match? {
        guard let text = string(reader) else { return nil }
        guard let entity = CiliumEntity(rawValue: text) else {
            let names = CiliumEntity.allCases.map(\.rawValue)
            report(
                .error, .fieldType, reader.path, "\"\(text)\" is not an entity",
                hint: NearestName.of(text, among: names).map { "did you mean \($0)?" } ?? "one of \(names.joined(separator: ", "))")
            return nil
        }
        return .entity(entity)
    }

    private mutating func hostName(_ reader: JSONReader) -> NetworkPeer.Match? {
        warnOfUnknown(in: reader, known: ["matchName", "matchPattern"])
        if let name = member("matchName", of: reader) { return dnsName(name, extra: "").map { .name($0) } }
        return dnsName(requiredMember("matchPattern", of: reader, hint: "matchName or matchPattern"), extra: "*").map { .pattern($0) }
    }

    /// Letters, digits, `-`, `_` and dots, and what a pattern has besides; up to 255 octets.
    private mutating func dnsName(_ reader: JSONReader?, extra: String) -> String? {
        guard let reader, let text = string(reader) else { return nil }
        let name = NamedAddresses.canonical(text)
        let isPlain = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
                UInt8(ascii: "."):
                true
            default: extra.utf8.contains(byte)
            }
        }
        guard isPlain, (1...255).contains(name.utf8.count) else {
            report(.error, .fieldType, reader.path, "\"\(text)\" is not a \(extra.isEmpty ? "name" : "pattern of names")")
            return nil
        }
        return name
    }
}
