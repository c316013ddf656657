import EgressModel

/// The node that Cilium takes for a gateway entry, and what that node's agent finds for it.
struct CiliumGateway: Sendable, Hashable {
    var node: String
    var address: IPAddress
    var derivation: CiliumDerivation
}

/// Chooses gateways as Cilium's agents do, each for itself: the first node by name that matches and has an IPv4 address,
/// whether it lives or not.
struct CiliumGateways {
    private let nodes: [Node]
    private let reports: [String: EgressNode]
    private let profile: CiliumProfile

    init(_ snapshot: ClusterSnapshot, _ profile: CiliumProfile) {
        nodes = snapshot.nodes.sorted { bytewise($0.name, $1.name) }
        reports = Dictionary(snapshot.egressNodes.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        self.profile = profile
    }

    /// In the order that the hash counts in: by address, then by place in the policy. Entries without a node are left out.
    func gateways(of policy: CiliumPolicy) -> [CiliumGateway] {
        let found = policy.gateways.compactMap { gateway(of: $0, policy.families) }
        return found.enumerated().sorted { ($0.element.address, $0.offset) < ($1.element.address, $1.offset) }.map(\.element)
    }

    private func gateway(of entry: GatewayEntry, _ families: [IPFamily]) -> CiliumGateway? {
        for node in nodes where entry.nodeSelector.matches(node.metadata.labels) {
            guard let address = node.tunnelAddress(.ipv4) else { continue }
            let derivation = CiliumDerivation(entry.source, families, on: reports[node.name], profile)
            return CiliumGateway(node: node.name, address: address, derivation: derivation)
        }
        return nil
    }

    /// The place of an endpoint among `count` gateways: FNV-1a of 32 bits over the CiliumEndpoint's UID, modulo their number,
    /// so that most endpoints move whenever the number changes.
    static func place(of uid: String, among count: Int) -> Int {
        var hash: UInt32 = 0x811C_9DC5
        for octet in uid.utf8 { hash = (hash ^ UInt32(octet)) &* 0x0100_0193 }
        return count > 0 ? Int(hash % UInt32(clamping: count)) : 0
    }
}
