import CEgressABI
import EgressModel
import EgressPlan

extension DatapathSettings {
    /// `portKey` is not the plan's: it is made once and kept.
    func encoded(portKey: (UInt64, UInt64)) throws -> egress_config {
        guard tokens.count <= Int(EGRESS_TOKENS) else {
            throw DatapathError("\(tokens.count) tunnel tokens: at most \(EGRESS_TOKENS) are accepted at a time")
        }
        guard let mtu = UInt32(exactly: tunnelMTU) else { throw DatapathError("tunnel MTU \(tunnelMTU) is out of range") }
        var value = egress_config()
        value.tunnel_ifindex = try wireIndex(tunnelIndex, "the tunnel device")
        value.node_ipv4 = try nodeAddress.map { try $0.wire4("node address") } ?? 0
        value.tunnel_mtu = mtu
        value.token_count = UInt32(tokens.count)
        withUnsafeMutableBytes(of: &value.tokens) { $0.copyBytes(from: tokens.flatMap(\.octets)) }
        value.port_key = portKey
        return value
    }

    init(_ value: egress_config) {
        let octets = withUnsafeBytes(of: value.tokens) { Array($0) }
        let count = min(Int(value.token_count), Int(EGRESS_TOKENS))
        self.init(
            tunnelIndex: Int(value.tunnel_ifindex), nodeAddress: value.node_ipv4 == 0 ? nil : IPAddress(wire4: value.node_ipv4),
            tunnelMTU: Int(value.tunnel_mtu),
            tokens: (0..<count).compactMap { index in
                TunnelToken(octets: Array(octets.dropFirst(index * TunnelToken.length).prefix(TunnelToken.length)))
            })
    }
}
