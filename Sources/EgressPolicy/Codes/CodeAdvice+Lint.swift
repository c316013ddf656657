import EgressModel

extension CodeAdvice {
    /// EG2070 on: what a policy says against itself, or what only its author can judge.
    static let lint = [
        CodeAdvice(
            .duplicateEntry, "the same entry twice",
            cause: "A list has one CIDR or one gateway twice. A CIDR counts once; a gateway gets a double share of the pods.",
            confirm: "The message has both paths.", fix: "Remove one of them, or correct the one that was meant otherwise."),
        CodeAdvice(
            .claimedAndExcluded, "claimed and excluded",
            cause:
                "The same prefix is a destination and an exclusion of one policy; the exclusion wins, and the destination has no effect.",
            confirm: "kubectl egress explain pod NAME --to ADDRESS.", fix: "Remove one of the two."),
        CodeAdvice(
            .exclusionTooWide, "an exclusion that a destination beats",
            cause: "The longest prefix decides: a destination that lies inside of an exclusion stays claimed.",
            confirm: "kubectl egress explain pod NAME --to ADDRESS, with an address of the destination.",
            fix: "To exclude it too, remove the destination or write the exclusion as long as it is."),
        CodeAdvice(
            .neverSteered, "a destination that is never steered",
            cause: "Loopback, link-local and multicast addresses mean something on one node or link only, so no gateway gets them.",
            confirm: "kubectl egress explain pod NAME --to ADDRESS.", fix: "Remove the destination."),
        CodeAdvice(
            .foreignKind, "a kind of another product",
            cause: "The object says how pods leave the cluster, but to another product; egress reads CiliumEgressGatewayPolicy.",
            confirm: "The message names the product.", fix: "Write it as the hint says, or keep it out of what is checked."),
        CodeAdvice(
            .addressFamilyUnused, "an egress IP that no destination needs",
            cause:
                "egressIP is IPv4 and all destinations are IPv6, or the other way round: packets leave by another address of its interface.",
            confirm: "The message has both families.", fix: "Add destinations of its family, or name an address of theirs."),
        CodeAdvice(
            .selectsEveryPod, "selects every pod", cause: "A rule with empty selectors holds for every pod of every namespace.",
            confirm: "kubectl egress explain policy NAME.", fix: "Nothing, if that is meant; else name labels or namespaces."),
        CodeAdvice(
            .anyNodeIsGateway, "any node can be the gateway",
            cause: "An empty nodeSelector matches every node, so the first by name is the gateway, whatever it is for.",
            confirm: "kubectl egress status shows which node it is.",
            fix: "Label the nodes that are meant as gateways, and select the label."),
        CodeAdvice(
            .possibleOverlap, "two policies may claim the same",
            cause: "Two policies have the same prefix, and a pod could have the labels of both; priority, age or name would decide then.",
            confirm: "kubectl egress explain policy NAME shows which pods there are.",
            fix: "Nothing, if no pod has both; else a narrower selector, or kubectl-egress.dev/priority."),
        CodeAdvice(
            .selectorNeverMatches, "a selector that nothing can match",
            cause: "Its requirements contradict each other, such as a label that must be there and must not.",
            confirm: "The message has the key.", fix: "Remove one of the two requirements."),
        CodeAdvice(
            .noPolicies, "no egress policy there", cause: "The files hold objects, but none is a CiliumEgressGatewayPolicy.",
            confirm: "grep -r CiliumEgressGatewayPolicy FOLDER; -R looks into folders below too.",
            fix: "Name the files that hold policies."),
    ]
}
