import EgressModel

/// EG203x: what Cilium does otherwise with the same manifests. docs/cilium-differences.md has them all.
extension CodeAdvice {
    static let cilium = [
        difference(
            .ciliumReadsOtherwise, "Cilium reads the policy otherwise",
            cause: "That release doesn't know a field or a family that the policy uses, so it refuses the policy or leaves the field out.",
            fix: "Leave out what that release doesn't know, or run a later one."),
        difference(
            .ciliumSelectsOtherwise, "Cilium selects other pods",
            cause: "Cilium takes the nodeSelectors of all rules of a policy as one list, and doesn't look at a pod's phase.",
            fix: "Make a policy of its own of each rule with a nodeSelector, to get the same from both."),
        difference(
            .ciliumChoosesOtherwise, "Cilium takes another gateway",
            cause: "Cilium takes the first node by name that matches, also one that isn't Ready or is drained; here it is passed over.",
            fix: "Take the gateway's label off a node that is out of service."),
        difference(
            .ciliumSpreadsOtherwise, "Cilium spreads pods otherwise",
            cause: "Of several gateways Cilium picks one by a hash of the CiliumEndpoint's UID modulo their number, which manifests "
                + "don't have; here it is rendezvous hashing by the pod's UID.",
            fix: "Allow every gateway's address at the destination."),
        difference(
            .ciliumOverlapUndefined, "undefined in Cilium",
            cause: "A pod and prefix is claimed twice with different outcomes. Cilium writes now one, now the other; here the "
                + "exclusion, priority, age or name decides.",
            fix: "Give one of them a narrower prefix or selector."),
        difference(
            .ciliumAddressOtherwise, "Cilium finds another egress IP",
            cause: "On the gateway Cilium gives up both families when one is missing, wants both default routes on one interface, and "
                + "before 1.18 uses an egressIP that no interface holds.",
            fix: "Give the gateway's interface an address of each family that destinations have."),
        difference(
            .ciliumLetsOut, "Cilium lets packets out",
            cause: "Before 1.14 a pod whose policy has no gateway leaves by its node's address; here it is dropped.",
            fix: "Label a gateway, or run a later release."),
        difference(
            .ciliumIgnoresAnnotation, "Cilium ignores an annotation",
            cause: "Annotations under kubectl-egress.dev/ mean nothing to Cilium.",
            fix: "Nothing, unless the policy is to mean the same in both."),
        difference(
            .ciliumKnowsInsideOtherwise, "Cilium steers a local destination",
            cause: "For Cilium pods, nodes and the API server are inside; here link-local, multicast and the cluster's assumed ranges are "
                + "never steered either.",
            fix: "Exclude 169.254.0.0/16 and fe80::/10 where Cilium is in charge."),
    ]

    private static func difference(_ code: ReasonCode, _ title: String, cause: String, fix: String) -> CodeAdvice {
        CodeAdvice(code, title, cause: cause, confirm: "kubectl egress list --as-cilium VERSION.", fix: fix)
    }
}
