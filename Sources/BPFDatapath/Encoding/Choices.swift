import CEgressABI
import EgressModel
import EgressPlan

extension ChoiceKey {
    func encoded() throws -> egress_choice_key {
        egress_choice_key(ifindex: try wireIndex(interfaceIndex, "the choice"), policy: policy, family: family == .ipv6 ? 6 : 4)
    }

    init(_ key: egress_choice_key) {
        self.init(interfaceIndex: Int(key.ifindex), policy: key.policy, family: key.family == 6 ? .ipv6 : .ipv4)
    }
}

extension GatewayChoice {
    /// `number`: a node as the maps name it.
    func encoded(number: (IPAddress) throws -> UInt32) throws -> egress_choice {
        guard ranked.count <= Int(EGRESS_RANKED_GATEWAYS) else {
            throw DatapathError("a choice of \(ranked.count) gateways: at most \(EGRESS_RANKED_GATEWAYS) are kept")
        }
        var value = egress_choice()
        value.count = UInt8(ranked.count)
        value.on_no_gateway = UInt8((onNoGateway == .bypass ? EGRESS_NO_GATEWAY_BYPASS : EGRESS_NO_GATEWAY_DROP).rawValue)
        let places = try ranked.map { egress_ranked(entry: $0.entry, gateway: try number($0.gateway)) }
        withUnsafeMutableBytes(of: &value.ranked) { room in
            places.withUnsafeBytes { room.copyMemory(from: $0) }
        }
        let addresses = try ranked.map { try $0.egress.map(Self.encoded) ?? egress_address6() }
        withUnsafeMutableBytes(of: &value.egress) { room in
            addresses.withUnsafeBytes { room.copyMemory(from: $0) }
        }
        return value
    }

    /// IPv4's word is the first.
    private static func encoded(_ address: IPAddress) throws -> egress_address6 {
        guard address.family == .ipv4 else { return try address.wire6("egress IP") }
        var value = egress_address6()
        value.word.0 = try address.wire4("egress IP")
        return value
    }

    /// `address`: of a node that the maps name by a number. `family`: of the choice's key.
    init(_ value: egress_choice, family: IPFamily, address: (UInt32) -> IPAddress) {
        self.init(
            onNoGateway: value.on_no_gateway == UInt8(EGRESS_NO_GATEWAY_BYPASS.rawValue) ? .bypass : .drop,
            ranked: zip(value.places, value.addresses(family)).map { Ranked(entry: $0.entry, gateway: address($0.gateway), egress: $1) })
    }
}

extension egress_choice {
    /// Best first.
    var places: [egress_ranked] {
        withUnsafeBytes(of: ranked) { Array($0.bindMemory(to: egress_ranked.self).prefix(Int(count))) }
    }

    /// The egress address at each place; `nil` where it isn't known.
    fileprivate func addresses(_ family: IPFamily) -> [IPAddress?] {
        let words = withUnsafeBytes(of: egress) { Array($0.bindMemory(to: egress_address6.self).prefix(Int(count))) }
        return words.map { value in
            let address = family == .ipv4 ? IPAddress(wire4: value.word.0) : IPAddress(wire6: value)
            return address.isUnspecified ? nil : address
        }
    }
}
