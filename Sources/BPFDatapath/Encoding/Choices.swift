import CEgressABI
import EgressModel
import EgressPlan

extension ChoiceKey {
    func encoded() throws -> egress_choice_key {
        egress_choice_key(ifindex: try wireIndex(interfaceIndex, "the choice"), policy: policy)
    }

    init(_ key: egress_choice_key) {
        self.init(interfaceIndex: Int(key.ifindex), policy: key.policy)
    }
}

extension GatewayChoice {
    func encoded() throws -> egress_choice {
        guard ranked.count <= Int(EGRESS_RANKED_GATEWAYS) else {
            throw DatapathError("a choice of \(ranked.count) gateways: at most \(EGRESS_RANKED_GATEWAYS) are kept")
        }
        var value = egress_choice()
        value.count = UInt8(ranked.count)
        value.on_no_gateway = UInt8((onNoGateway == .bypass ? EGRESS_NO_GATEWAY_BYPASS : EGRESS_NO_GATEWAY_DROP).rawValue)
        let places = try ranked.map { egress_ranked(entry: $0.entry, gateway: try $0.gateway.wire4("gateway")) }
        withUnsafeMutableBytes(of: &value.ranked) { room in
            places.withUnsafeBytes { room.copyMemory(from: $0) }
        }
        return value
    }

    init(_ value: egress_choice) {
        let places = withUnsafeBytes(of: value.ranked) { Array($0.bindMemory(to: egress_ranked.self)) }
        self.init(
            onNoGateway: value.on_no_gateway == UInt8(EGRESS_NO_GATEWAY_BYPASS.rawValue) ? .bypass : .drop,
            ranked: places.prefix(Int(value.count)).map { Ranked(entry: $0.entry, gateway: IPAddress(wire4: $0.gateway)) })
    }
}
