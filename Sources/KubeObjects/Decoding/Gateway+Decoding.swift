import EgressModel
import JSONText

extension ObjectChecker {
    static let gatewayLimit = 64

    /// `egressGateways` when it has entries, else `egressGateway`.
    mutating func gateways(_ spec: JSONReader?) -> [GatewayEntry] {
        guard let spec else { return [] }
        let list = member("egressGateways", of: spec)
        let entries = elements(list)
        if let list, entries.count > Self.gatewayLimit {
            report(.error, .fieldType, list.path, "has \(entries.count) entries, at most \(Self.gatewayLimit) are allowed")
            return []
        }
        if entries.isEmpty {
            if list?.value.arrayValue == nil, list != nil { return [] }
            guard let only = requiredMember("egressGateway", of: spec, hint: "egressGateway.nodeSelector says which node is the gateway")
            else { return [] }
            return gateway(only).map { [$0] } ?? []
        }
        if let ignored = member("egressGateway", of: spec) {
            report(.info, .gatewayIgnored, ignored.path, "is ignored, as egressGateways has entries", atKey: true)
            _ = gateway(ignored)
        }
        var gateways: [GatewayEntry] = []
        var seen: [GatewayEntry: JSONPath] = [:]
        for entry in entries {
            guard let gateway = gateway(entry) else { continue }
            if let first = seen.updateValue(entry.path, forKey: gateway) {
                report(
                    .warning, .duplicateEntry, entry.path, "says the same as \(first): its node gets a double share of the pods",
                    hint: "remove one of them")
            }
            gateways.append(gateway)
        }
        return gateways
    }

    /// Which field names the gateways. What is wrong with them is ``gateways(_:)``'s to say.
    func gatewayForm(_ spec: JSONReader?) -> GatewayForm {
        guard spec?.value["egressGateways"]?.arrayValue?.isEmpty == false else { return .single }
        var probe = self
        return .list(ignored: probe.member("egressGateway", of: spec).flatMap { probe.gateway($0) })
    }

    private mutating func gateway(_ reader: JSONReader) -> GatewayEntry? {
        guard case .object = reader.value else {
            _ = read { () throws(JSONFieldError) in try reader.object() }
            return nil
        }
        warnOfUnknown(in: reader, known: ["nodeSelector", "egressIP", "interface"], pasted: PastedField.inGateway)
        let nodeSelector = selector(
            requiredMember("nodeSelector", of: reader, hint: "it says which node is the gateway; {} is any"), stripsSource: false)
        // Cilium takes an empty text as absent, in both fields.
        let addressReader = member("egressIP", of: reader).flatMap { $0.value == "" ? nil : $0 }
        let interfaceReader = member("interface", of: reader).flatMap { $0.value == "" ? nil : $0 }
        if let addressReader, interfaceReader != nil {
            report(
                .error, .addressAndInterface, addressReader.path, "egressIP and interface exclude each other",
                hint: "keep egressIP for one certain address, or interface for the first address of an interface", atKey: true)
        }
        let address = egressIP(addressReader)
        let interface = interfaceName(interfaceReader)
        guard let nodeSelector else { return nil }
        if let address { return GatewayEntry(nodeSelector: nodeSelector, source: .address(address)) }
        if let interface { return GatewayEntry(nodeSelector: nodeSelector, source: .interface(interface)) }
        return GatewayEntry(nodeSelector: nodeSelector, source: .defaultRoute)
    }

    private mutating func egressIP(_ reader: JSONReader?) -> IPAddress? {
        guard let reader, let text = string(reader) else { return nil }
        guard let address = IPAddress(text) else {
            let fault = AddressText.fault(text)
            let hint = IPPrefix(text) != nil ? "an address without a length" : fault?.hint ?? "such as 198.51.100.100 or 2001:db8::100"
            report(
                .error, .invalidAddress, reader.path, "\"\(text)\" is not an IP address" + (fault.map { ": \($0.message)" } ?? ""),
                hint: hint)
            return nil
        }
        if let meant = address.mappedIPv4 {
            report(
                .error, .invalidAddress, reader.path, "\"\(text)\" is IPv4 written as IPv6: no packet has such a source",
                hint: "write \(meant)")
            return nil
        }
        // 0.0.0.0/8 and 240.0.0.0/4 are no unicast addresses (RFC 1122, 3.2.1.3; RFC 1112, 4).
        guard address.isGlobal, address.ipv4Bits.map({ (1..<240).contains($0 >> 24) }) ?? true else {
            report(
                .error, .invalidAddress, reader.path, "\(address) can't be the source of packets that leave a node",
                hint: "not unspecified, loopback, link-local or multicast")
            return nil
        }
        return address
    }

    /// The kernel's rules: names up to 15 bytes, alternative names up to 127, no `/`, `:` or white space.
    private mutating func interfaceName(_ reader: JSONReader?) -> String? {
        guard let reader, let text = string(reader) else { return nil }
        let hasBadCharacter = text.unicodeScalars.contains { $0 == "/" || $0 == ":" || $0.value <= 0x20 || $0.value == 0x7F }
        guard text.utf8.count <= 127, !hasBadCharacter, text != ".", text != ".." else {
            report(
                .error, .fieldType, reader.path, "\"\(text)\" is not the name of an interface",
                hint: "at most 15 bytes, or 127 for an alternative name, without '/', ':' and white space")
            return nil
        }
        return text
    }
}
