public import EgressModel

/// What Cilium's egress gateway makes of a cluster's policies: the table that its agents compute, every one the whole.
public struct CiliumTable: Sendable, Hashable {
    public let profile: CiliumProfile
    /// By the pod's namespace and name, IPv4 before IPv6, then by prefix. (Cilium prints them in no order.)
    public internal(set) var rows: [CiliumRow] = []
    /// Policies that this release doesn't take, by name, and why.
    public internal(set) var refused: [String: String] = [:]
    /// Policies whose `egressGateways` it doesn't know, so that `egressGateway` counts.
    public internal(set) var withoutList: Set<String> = []
    /// Interfaces whose `rp_filter` Cilium sets to loose and leaves so, by node.
    public internal(set) var relaxedInterfaces: [String: Set<String>] = [:]
    /// Policies that select each pod; pods that none selects aren't there.
    public internal(set) var selected: [ObjectReference: Set<String>] = [:]

    /// The row that decides about a packet: the longest prefix, whichever policy it is from.
    public func row(for destination: IPAddress, from source: IPAddress) -> CiliumRow? {
        rows.lazy.filter { $0.source == source && $0.prefix.contains(destination) }.max { $0.prefix.length < $1.prefix.length }
    }
}

/// Where the UIDs of CiliumEndpoints come from, which decide about a pod's gateway when there are several.
public enum CiliumEndpointUIDs: Sendable, Hashable {
    /// Manifests don't have them: every gateway is possible.
    case unknown
    /// The pod's own stands for it.
    case ofPods
}

/// Computes the table of Cilium `version` from the same manifests, with its quirks.
///
/// Everything that it takes from nodes is what their `EgressNode` says of interfaces and routes. A policy that is rejected
/// here has no rows: Cilium's agents ignore it too.
public func ciliumTable(
    _ snapshot: ClusterSnapshot, as version: CiliumVersion, endpointUIDs: CiliumEndpointUIDs = .unknown
) -> CiliumTable {
    let profile = CiliumProfile(version)
    var table = CiliumTable(profile: profile)
    let selection = CiliumSelection(snapshot)
    let gateways = CiliumGateways(snapshot, profile)
    var policies: [CiliumClaims] = []
    let forms = Dictionary(snapshot.policies.map { ($0.metadata.uid, $0.gatewayForm) }, uniquingKeysWith: { first, _ in first })
    for policy in PoliciesInForce(snapshot.policies, accepted: [:]).policies {
        let form = forms[policy.metadata.uid] ?? .single
        if form != .single, !profile.readsGatewayList { table.withoutList.insert(policy.name) }
        switch CiliumPolicy.read(policy, form, profile) {
        case .refused(let why): table.refused[policy.name] = why
        case .taken(let taken): policies.append(CiliumClaims(taken, gateways.gateways(of: taken)))
        }
    }
    for claims in policies {
        for gateway in claims.gateways {
            if let interface = gateway.derivation.interface { table.relaxedInterfaces[gateway.node, default: []].insert(interface) }
        }
    }
    // As in Cilium, what selects a pod is worked out once for an identity: namespace, labels and node.
    var identities: [CiliumIdentity: [CiliumClaims]] = [:]
    for pod in snapshot.pods.sorted(by: inOrder) where CiliumSelection.hasEndpoint(pod) {
        let identity = CiliumIdentity(pod)
        let mine = identities[identity] ?? policies.filter { selection.selects($0.policy.policy, pod) }
        identities[identity] = mine
        guard !mine.isEmpty else { continue }
        table.selected[pod.reference] = Set(mine.map(\.policy.policy.name))
        table.rows += CiliumPodRows(pod, endpointUIDs).rows(mine)
    }
    return table
}

private func inOrder(_ a: Pod, _ b: Pod) -> Bool {
    (a.namespace, a.name, a.metadata.uid) < (b.namespace, b.name, b.metadata.uid)
}

private struct CiliumIdentity: Hashable {
    let namespace: String
    let labels: Labels
    let node: String?

    init(_ pod: Pod) { (namespace, labels, node) = (pod.namespace, pod.metadata.labels, pod.nodeName) }
}
