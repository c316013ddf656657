import EgressModel
import JSONText

extension ObjectChecker {
    /// `toPorts` and `icmps`; what of them asks for more than ports becomes a condition.
    mutating func ports(of reader: JSONReader, into rule: inout NetworkPolicyRule) {
        if let list = member("toPorts", of: reader) {
            for element in elements(list) {
                warnOfUnknown(
                    in: element, known: ["ports", "rules", "listener", "terminatingTLS", "originatingTLS", "serverNames"])
                rule.ports = (rule.ports ?? []) + ciliumPorts(element)
                rule.conditions += conditions(element)
            }
        }
        guard let icmps = member("icmps", of: reader) else { return }
        for element in elements(icmps) {
            rule.ports = (rule.ports ?? []) + [NetworkPort(path: element.path.description, transport: "icmp", .all)]
        }
    }

    private mutating func ciliumPorts(_ reader: JSONReader) -> [NetworkPort] {
        let readers = elements(member("ports", of: reader))
        // Without ports, what stands beside them holds for all.
        if readers.isEmpty { return [NetworkPort(path: reader.path.description, transport: nil, .all)] }
        var ports: [NetworkPort] = []
        for element in readers {
            warnOfUnknown(in: element, known: ["port", "endPort", "protocol"])
            if let port = ciliumPort(element) { ports.append(port) }
        }
        return ports
    }

    private static let protocols = ["TCP", "UDP", "SCTP", "ICMP", "ICMPV6", "VRRP", "IGMP", "ANY", ""]

    private mutating func ciliumPort(_ reader: JSONReader) -> NetworkPort? {
        let transport = member("protocol", of: reader)
        let name = (string(transport) ?? "ANY").uppercased()
        if let transport, !Self.protocols.contains(name) {
            report(.error, .fieldType, transport.path, "\"\(name)\" is not a protocol", hint: "TCP, UDP, SCTP or ANY")
            return nil
        }
        guard let port = requiredMember("port", of: reader, hint: "\"0\" is every port"), let text = string(port) else { return nil }
        guard let numbers = numbers(text, port, member("endPort", of: reader)) else { return nil }
        return NetworkPort(path: reader.path.description, transport: ["ANY", ""].contains(name) ? nil : name.lowercased(), numbers)
    }

    private mutating func numbers(_ text: String, _ port: JSONReader, _ last: JSONReader?) -> NetworkPort.Numbers? {
        guard let first = UInt16(text) else {
            guard isServiceName(text) else {
                report(.error, .fieldType, port.path, "\"\(text)\" is neither a port's number nor its name")
                return nil
            }
            return .named(text.lowercased())
        }
        guard first > 0 else { return .all }
        guard let last, last.value != .integer(0) else { return .range(first...first) }
        guard let end: UInt16 = integer(last) else { return nil }
        return checkedRange(first, end, last).map { .range($0) }
    }

    private mutating func conditions(_ reader: JSONReader) -> [String] {
        var conditions: [String] = []
        if let rules = member("rules", of: reader) {
            for key in rules.value.objectValue?.keys ?? [] {
                conditions.append(rules.path.appending(key).description)
            }
        }
        for field in ["listener", "serverNames", "terminatingTLS", "originatingTLS"] where member(field, of: reader) != nil {
            conditions.append(reader.path.appending(field).description)
        }
        return conditions
    }
}
