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
        return value
    }

    /// `address`: of a node that the maps name by a number.
    init(_ value: egress_choice, address: (UInt32) -> IPAddress) {
        self.init(
            onNoGateway: value.on_no_gateway == UInt8(EGRESS_NO_GATEWAY_BYPASS.rawValue) ? .bypass : .drop,
            ranked: value.places.map { Ranked(entry: $0.entry, gateway: address($0.gateway)) })
    }
}

extension egress_choice {
    /// Best first.
    var places: [egress_ranked] {
        withUnsafeBytes(of: ranked) { Array($0.bindMemory(to: egress_ranked.self).prefix(Int(count))) }
    }
}
