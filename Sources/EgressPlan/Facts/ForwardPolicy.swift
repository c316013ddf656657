/// Something in the node's netfilter that decides which forwarded packets may pass, and that isn't ours or kube-proxy's.
///
/// Redirected packets don't pass it, so that a pod with one of these is steered by the stack.
public struct ForwardPolicy: Sendable, Hashable, Comparable {
    public enum Enforcer: String, Sendable, Hashable, CaseIterable {
        case calico
        case kubeRouter = "kube-router"
        case kubeNetworkPolicies = "kube-network-policies"
        /// Packets are handed to a program, which decides (NFQUEUE).
        case queue
        /// Somebody else's rule that drops or rejects.
        case other
        /// Rules that are there and can't be read: they may be any of the others.
        case unreadable
    }

    public var enforcer: Enforcer
    /// Where it is: `nft ip filter cali-FORWARD`, `iptables-legacy filter FORWARD`; of what is unreadable, why.
    public var place: String

    public init(_ enforcer: Enforcer, place: String) {
        self.enforcer = enforcer
        self.place = place
    }

    /// The most telling first.
    public static func < (a: ForwardPolicy, b: ForwardPolicy) -> Bool {
        (a.enforcer.rank, a.place) < (b.enforcer.rank, b.place)
    }

    /// Subject and verb of a sentence: `Calico decides in FORWARD: nft ip filter cali-FORWARD`.
    var inWords: String {
        switch enforcer {
        case .calico: "Calico's rules decide in FORWARD: \(place)"
        case .kubeRouter: "kube-router's rules decide in FORWARD: \(place)"
        case .kubeNetworkPolicies: "kube-network-policies decides in netfilter: \(place)"
        case .queue: "a program behind a netfilter queue decides: \(place)"
        case .other: "a rule may drop in FORWARD: \(place)"
        case .unreadable: "netfilter's rules can't be read whole: \(place)"
        }
    }
}

extension ForwardPolicy.Enforcer {
    fileprivate var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
