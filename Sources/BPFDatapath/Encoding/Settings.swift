import CEgressABI
import EgressModel
import EgressPlan

extension DatapathSettings {
    /// `kept`: what isn't the plan's, the key of the port choice, the generation, who watches, an upgrade.
    func encoded(keeping kept: egress_config) throws -> egress_config {
        guard tokens.count <= Int(EGRESS_TOKENS) else {
            throw DatapathError("\(tokens.count) tunnel tokens: at most \(EGRESS_TOKENS) are accepted at a time")
        }
        guard let mtu = UInt32(exactly: tunnelMTU) else { throw DatapathError("tunnel MTU \(tunnelMTU) is out of range") }
        var value = kept
        value.tunnel_ifindex = try wireIndex(tunnelIndex, "the tunnel device")
        value.node = nodeAddress?.mapped ?? egress_address6()
        value.outer_family = nodeAddress?.family == .ipv6 ? 6 : 4
        value.tunnel_mtu = mtu
        value.pod_limit = limits.connectionsPerPod
        value.entry_limit = limits.translationsPerEntry
        value.stack_mark = stackMark
        value.hop4 = egress_address4()
        value.hop6 = egress_address6()
        for hop in hops {
            switch hop.family {
            case .ipv4: value.hop4.word = try hop.wire4("the hop")
            case .ipv6: value.hop6 = try hop.wire6("the hop")
            }
        }
        value.token_count = UInt32(tokens.count)
        value.tokens = egress_config().tokens
        withUnsafeMutableBytes(of: &value.tokens) { $0.copyBytes(from: tokens.flatMap(\.octets)) }
        return value
    }

    init(_ value: egress_config) {
        let octets = withUnsafeBytes(of: value.tokens) { Array($0) }
        let count = min(Int(value.token_count), Int(EGRESS_TOKENS))
        self.init(
            tunnelIndex: Int(value.tunnel_ifindex), nodeAddress: IPAddress(mapped: value.node),
            tunnelMTU: Int(value.tunnel_mtu),
            limits: ConnectionLimits(connectionsPerPod: value.pod_limit, translationsPerEntry: value.entry_limit),
            stackMark: value.stack_mark,
            tokens: (0..<count).compactMap { index in
                TunnelToken(octets: Array(octets.dropFirst(index * TunnelToken.length).prefix(TunnelToken.length)))
            },
            hops: [IPAddress(wire4: value.hop4.word), IPAddress(wire6: value.hop6)].filter { !$0.isUnspecified })
    }
}
