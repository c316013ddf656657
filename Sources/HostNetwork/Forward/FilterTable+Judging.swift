// SPDX-License-Identifier: Apache-2.0
import EgressPlan

extension FilterTable {
    /// What of the table decides which forwarded packets may pass; nothing of ours and of kube-proxy's counts.
    func forwardPolicies() -> Set<ForwardPolicy> {
        guard !Self.known.contains(name) else { return [] }
        var found: Set<ForwardPolicy> = []
        // Whoever made a chain of these means to decide, also while its rules are still to come.
        for chain in chains.keys.sorted() {
            guard let enforcer = Self.owner(of: chain), !found.contains(where: { $0.enforcer == enforcer }) else { continue }
            found.insert(ForwardPolicy(enforcer, place: "\(place) \(chain)"))
        }
        if name == "kube-network-policies" { found.insert(ForwardPolicy(.kubeNetworkPolicies, place: place)) }
        for (chain, base) in chains.sorted(by: { $0.key < $1.key }) {
            guard let hook = base.hook else { continue }
            // Outside FORWARD packets are dropped for other reasons too (reverse path filters), which say nothing of policy.
            found.formUnion(policies(from: chain, isForward: hook == .forward, isOwned: !found.isEmpty))
        }
        return found
    }

    /// Everything that a packet may come to from a base chain.
    private func policies(from base: String, isForward: Bool, isOwned: Bool) -> Set<ForwardPolicy> {
        var found: Set<ForwardPolicy> = []
        var seen: Set<String> = []
        var waiting = [base]
        if isForward, !isOwned, chains[base]?.dropsByPolicy == true {
            found.insert(ForwardPolicy(.other, place: "\(place) \(base), by its policy"))
        }
        while let chain = waiting.popLast() {
            guard !Self.isKubeProxys(chain), seen.insert(chain).inserted else { continue }
            for verdict in chains[chain]?.verdicts ?? [] {
                switch verdict {
                case .jump(let target): waiting.append(target)
                case .queue: found.insert(ForwardPolicy(.queue, place: "\(place) \(chain)"))
                case .drop where isForward && !isOwned: found.insert(ForwardPolicy(.other, place: "\(place) \(chain)"))
                case .unknown(let target) where isForward && !isOwned:
                    found.insert(ForwardPolicy(.unreadable, place: "\(place) \(chain) has the target \(target)"))
                case .drop, .unknown: break
                }
            }
        }
        return found
    }

    /// Tables that hold nothing but ours, or kube-proxy's in its nftables mode.
    static let known: Set<String> = ["kubectl_egress", "kube-proxy"]

    private static func owner(of chain: String) -> ForwardPolicy.Enforcer? {
        if chain.hasPrefix("cali-") { return .calico }
        if ["KUBE-ROUTER-", "KUBE-NWPLCY-", "KUBE-POD-FW-"].contains(where: { chain.hasPrefix($0) }) { return .kubeRouter }
        return nil
    }

    /// Chains of kube-proxy and kubelet in iptables: they drop what belongs to no connection or to no endpoint, and decide
    /// nothing about a pod's packets to the world.
    private static func isKubeProxys(_ chain: String) -> Bool {
        let exact: Set<String> = [
            "KUBE-EXTERNAL-SERVICES", "KUBE-FIREWALL", "KUBE-FORWARD", "KUBE-IPVS-FILTER", "KUBE-IPVS-OUT-FILTER", "KUBE-LOAD-BALANCER",
            "KUBE-MARK-DROP", "KUBE-MARK-MASQ", "KUBE-NODE-PORT", "KUBE-NODEPORTS", "KUBE-POSTROUTING", "KUBE-PROXY-CANARY",
            "KUBE-PROXY-FIREWALL", "KUBE-KUBELET-CANARY", "KUBE-SERVICES", "KUBE-SOURCE-RANGES-FIREWALL",
        ]
        return exact.contains(chain) || ["KUBE-SVC-", "KUBE-SVL-", "KUBE-SEP-", "KUBE-EXT-", "KUBE-FW-"].contains { chain.hasPrefix($0) }
    }
}
