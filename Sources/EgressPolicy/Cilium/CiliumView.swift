import EgressModel

/// Our rules as `cilium-dbg bpf egress list` prints the table of one node, so that scripts and eyes can move over.
///
/// Cilium writes the table of the whole cluster on every node, with the egress IP only where the node is the gateway; an
/// excluded range keeps the egress IP of its policy and has a marker as its gateway. IPv6 rules name an IPv4 gateway too.
public struct CiliumView {
    let effective: EffectivePolicy
    /// The node that looks.
    let node: String

    public init(_ effective: EffectivePolicy, node: String) {
        self.effective = effective
        self.node = node
    }

    /// By the pods' order, then family and prefix.
    public func rows(_ pods: some Sequence<ResolvedPod>) -> [CiliumShownRow] {
        pods.flatMap { pod in pod.rules.sorted { $0.prefix < $1.prefix }.map { row($0, of: pod) } }
    }

    private func row(_ rule: ResolvedRule, of pod: ResolvedPod) -> CiliumShownRow {
        CiliumShownRow(sourceIP: rule.source, prefix: rule.prefix, egressIP: egressIP(rule, of: pod), gatewayIP: gatewayIP(rule, of: pod))
    }

    private func gatewayIP(_ rule: ResolvedRule, of pod: ResolvedPod) -> String {
        switch rule.action {
        case .exclude: return CiliumShownRow.excluded
        case .drop where rule.reason.code == .familyWithoutDatapath:
            // The gateway is chosen all the same, and Cilium would name it.
            return gateway(rule, of: pod)?.description ?? CiliumShownRow.notFound
        case .gateway, .drop: return rule.gatewayAddress?.description ?? CiliumShownRow.notFound
        }
    }

    /// The gateway that the rule's policy gives the pod, whatever becomes of the rule's family.
    private func gateway(_ rule: ResolvedRule, of pod: ResolvedPod) -> IPAddress? {
        if let sibling = pod.rules.first(where: { $0.policyUID == rule.policyUID && $0.gatewayAddress != nil }) {
            return sibling.gatewayAddress
        }
        let entries = effective.policies.first { $0.policy.metadata.uid == rule.policyUID }?.entries ?? []
        return entries.count == 1 ? entries.first?.gateway?.address : nil
    }

    private func egressIP(_ rule: ResolvedRule, of pod: ResolvedPod) -> IPAddress? {
        switch rule.action {
        case .gateway: return rule.gatewayNode == node ? rule.egressIP : nil
        case .drop: return nil
        case .exclude: return excludedEgressIP(rule, of: pod)
        }
    }

    /// The address that the policy would have given the pod here, had the range not been excluded.
    private func excludedEgressIP(_ rule: ResolvedRule, of pod: ResolvedPod) -> IPAddress? {
        let family = rule.prefix.family
        if let sibling = pod.rules.first(where: { $0.policyUID == rule.policyUID && $0.action == .gateway && $0.prefix.family == family }) {
            return sibling.gatewayNode == node ? sibling.egressIP : nil
        }
        let entries = effective.policies.first { $0.policy.metadata.uid == rule.policyUID }?.entries ?? []
        guard entries.count == 1, let gateway = entries.first?.gateway, gateway.node == node,
            case .addresses(let addresses) = gateway.egressAddress(family)
        else { return nil }
        return EgressAddressChoice.address(for: rule.source, of: addresses)
    }
}
