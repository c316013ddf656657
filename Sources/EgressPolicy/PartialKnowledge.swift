import EgressModel

extension UnreadKind {
    /// Why something isn't known, after what: `which gateway carries it isn't known: nodes couldn't be read`.
    func reason(_ what: String) -> Reason { Reason(code, "\(what) isn't known: \(short)") }

    /// `nodes couldn't be read`.
    var short: String {
        let whole = code == .kindNotServed ? "the API server has no \(kind.rawValue)" : "\(kind.rawValue) couldn't be read"
        return namespace.map { "\(whole) in namespace \($0)" } ?? whole
    }

    /// Said once for each kind: what can't be said because of it, and what to ask for.
    var finding: Finding {
        let why = reason.isEmpty ? "" : ": \(reason)"
        return Finding(.warning, code, message: "\(short)\(why); \(consequence)", hint: hint)
    }

    private var consequence: String {
        switch kind {
        case .node: "which nodes are gateways isn't known"
        case .namespace: "what a namespaceSelector selects isn't known"
        case .pod: "pods may be missing here, and counts of pods are lower bounds"
        case .service: "an address of a service outside the known ranges would count as outside the cluster"
        case .policy: "which policies there are isn't known"
        case .egressNode: "what gateways announce and what is in force isn't known"
        case .lease: "which nodes have fallen silent isn't known"
        case .ranges: "the cluster's own ranges may be wider than what nodes say"
        case .mesh: "whether a mesh sends traffic through a gateway isn't known"
        case .networkPolicy, .ciliumNetworkPolicy, .ciliumClusterwideNetworkPolicy, .otherNetworkPolicy:
            "which connections pods may make isn't known"
        }
    }

    private var hint: String {
        let scope = namespace.map { " -n \($0)" } ?? ""
        switch code {
        case .kindNotServed:
            return kind == .egressNode || kind == .policy
                ? "install its definition: kubectl egress install" : "kubectl api-resources lists what the API server has"
        case .readForbidden:
            let resource =
                switch kind {
                case .ranges: "configmaps of kube-system, and ippools and servicecidrs where there are any"
                case .egressNode: "egressnodes.kubectl-egress.dev"
                case .policy: "ciliumegressgatewaypolicies.cilium.io"
                case .lease: "leases.coordination.k8s.io -n kubectl-egress"
                case .mesh:
                    "gateways and routes of gateway.networking.k8s.io; gateways, serviceentries, virtualservices of networking.istio.io"
                case .networkPolicy: "networkpolicies.networking.k8s.io"
                case .ciliumNetworkPolicy, .ciliumClusterwideNetworkPolicy: "\(kind.rawValue).cilium.io"
                case .otherNetworkPolicy: "the kinds that the message names"
                case .node, .namespace, .pod, .service: kind.rawValue + scope
                }
            return "ask for the verbs get, list and watch on \(resource)"
        default:
            return "try again; -v=6 shows the requests"
        }
    }
}

extension ClusterSnapshot {
    /// Why it can't be said which node carries what, and by which address.
    var unknownGateways: Reason? {
        (unread(.node) ?? unread(.egressNode))?.reason("which gateway carries it, and by which address,")
    }

    /// Of each kind once, and whatever is said of the whole cluster first.
    var unreadFindings: [Finding] {
        var seen: Set<ClusterKind> = []
        // Connections matter to who asks about one, and are answered there.
        let unread = unread.filter { !$0.kind.isOfConnections }
        let wholeFirst = unread.filter { $0.namespace == nil } + unread.filter { $0.namespace != nil }
        return wholeFirst.filter { seen.insert($0.kind).inserted }.map(\.finding)
    }

    /// Whether counts of pods are exact, as far as the pods themselves go.
    var hasEveryPod: Bool { podScope == .cluster && unread(.pod) == nil }
}

extension EffectivePolicy {
    func unread(_ kind: ClusterKind) -> UnreadKind? { unread.first { $0.kind == kind } }
}
