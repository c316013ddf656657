import EgressModel
import JSONText

extension ObjectChecker {
    /// `spec` of a `NetworkPolicy` (`networking.k8s.io/v1`).
    mutating func kubernetesPart() -> NetworkPolicyPart {
        let spec = requiredMember("spec", of: root)
        warnOfUnknown(in: spec, known: ["podSelector", "policyTypes", "ingress", "egress"])
        let selector = selector(requiredMember("podSelector", of: spec, hint: "{} selects every pod of the namespace"), stripsSource: false)
        let egress = elements(member("egress", of: spec))
        var types: Set<String> = []
        for reader in elements(member("policyTypes", of: spec)) {
            guard let type = string(reader) else { continue }
            if !["Ingress", "Egress"].contains(type) {
                report(.error, .fieldType, reader.path, "\"\(type)\" is not known", hint: "Ingress or Egress")
            }
            types.insert(type)
        }
        // As the API server fills it in.
        let isolates = types.isEmpty ? !egress.isEmpty : types.contains("Egress")
        var part = NetworkPolicyPart(subject: .pods(selector ?? LabelSelector()), isolates: isolates)
        for reader in egress { part.allowed.append(kubernetesRule(reader)) }
        if !isolates { part.allowed = [] }
        return part
    }

    private mutating func kubernetesRule(_ reader: JSONReader) -> NetworkPolicyRule {
        warnOfUnknown(in: reader, known: ["to", "ports"])
        var rule = NetworkPolicyRule(path: reader.path.description)
        var peers: [NetworkPeer] = []
        for element in elements(member("to", of: reader)) { peers += kubernetesPeer(element) }
        var ports: [NetworkPort] = []
        for element in elements(member("ports", of: reader)) {
            if let port = kubernetesPort(element) { ports.append(port) }
        }
        // An empty list means the same as none: everything.
        rule.peers = peers.isEmpty ? nil : peers
        rule.ports = ports.isEmpty ? nil : ports
        return rule
    }

    private mutating func kubernetesPeer(_ reader: JSONReader) -> [NetworkPeer] {
        warnOfUnknown(in: reader, known: ["podSelector", "namespaceSelector", "ipBlock"])
        let pods = member("podSelector", of: reader)
        let namespaces = member("namespaceSelector", of: reader)
        if let block = member("ipBlock", of: reader) {
            if pods != nil || namespaces != nil {
                report(.error, .fieldType, block.path, "stands alone: a peer with ipBlock has no selectors", hint: "write two peers")
            }
            warnOfUnknown(in: block, known: ["cidr", "except"])
            return blockPeer(block, requiredMember("cidr", of: block), except: member("except", of: block)).map { [$0] } ?? []
        }
        guard pods != nil || namespaces != nil else {
            if case .object = reader.value {
                report(.error, .fieldMissing, reader.path, "names no peer", hint: "podSelector, namespaceSelector or ipBlock")
            }
            return []
        }
        let match = NetworkPeer.Match.pods(selector(pods, stripsSource: false), namespaces: selector(namespaces, stripsSource: false))
        return [NetworkPeer(path: reader.path.description, match)]
    }

    /// A prefix, and prefixes inside of it that aren't meant.
    mutating func blockPeer(_ reader: JSONReader, _ text: JSONReader?, except: JSONReader?) -> NetworkPeer? {
        let prefix = text.flatMap { clusterPrefix($0) }
        var excluded: [IPPrefix] = []
        for element in elements(except) {
            guard let inner = clusterPrefix(element) else { continue }
            if let prefix, !prefix.contains(inner) {
                report(
                    .error, .invalidCIDR, element.path, "\(inner) is not inside of \(prefix)", hint: "an exception lies in its own block")
            }
            excluded.append(inner)
        }
        return prefix.map { NetworkPeer(path: reader.path.description, .block($0, except: excluded)) }
    }

    private mutating func kubernetesPort(_ reader: JSONReader) -> NetworkPort? {
        warnOfUnknown(in: reader, known: ["protocol", "port", "endPort"])
        let transport = member("protocol", of: reader)
        let name = string(transport) ?? "TCP"
        if !["TCP", "UDP", "SCTP"].contains(name), let transport {
            report(.error, .fieldType, transport.path, "\"\(name)\" is not a protocol", hint: "TCP, UDP or SCTP")
        }
        let port = member("port", of: reader)
        let last = member("endPort", of: reader)
        let path = reader.path.description
        guard let port else {
            if let last { report(.error, .fieldType, last.path, "needs port, the first of the range") }
            return NetworkPort(path: path, transport: name.lowercased(), .all)
        }
        guard case .string(let text) = port.value else {
            return portRange(port, last).map { NetworkPort(path: path, transport: name.lowercased(), .range($0)) }
        }
        if let last { report(.error, .fieldType, last.path, "needs a port that is a number, not a name") }
        guard isServiceName(text) else {
            report(.error, .fieldType, port.path, "\"\(text)\" is not a port's name", hint: "a number stands without quotes")
            return nil
        }
        return NetworkPort(path: path, transport: name.lowercased(), .named(text))
    }

    private mutating func portRange(_ first: JSONReader, _ last: JSONReader?) -> ClosedRange<UInt16>? {
        guard let from: UInt16 = integer(first) else { return nil }
        guard let last else { return checkedRange(from, from, first) }
        guard let to: UInt16 = integer(last) else { return nil }
        return checkedRange(from, to, last)
    }

    /// From 1 on; `last` not below `first`.
    mutating func checkedRange(_ first: UInt16, _ last: UInt16, _ reader: JSONReader) -> ClosedRange<UInt16>? {
        guard first > 0, first <= last else {
            report(.error, .fieldType, reader.path, first == 0 ? "a port is from 1 to 65535" : "\(last) is below the first port, \(first)")
            return nil
        }
        return first...last
    }

    /// RFC 6335, 5.1: up to 15 letters, digits and single hyphens, a letter among them.
    func isServiceName(_ text: String) -> Bool {
        let isPlain = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"):
                true
            default: false
            }
        }
        return isPlain && (1...15).contains(text.utf8.count) && text.contains(where: \.isLetter) && !text.hasPrefix("-")
            && !text.hasSuffix("-")
    }
}
