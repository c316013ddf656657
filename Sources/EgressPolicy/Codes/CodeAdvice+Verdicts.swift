import EgressModel

extension CodeAdvice {
    /// EG0: how traffic leaves when nothing is wrong.
    static let verdicts = [
        CodeAdvice(
            .byGateway, "leaves by an egress IP",
            cause: "A policy selects the pod and claims the destination; its gateway has an address.",
            confirm: "kubectl egress explain pod NAME --to ADDRESS shows each step; the server's log shows the egress IP."),
        CodeAdvice(
            .excluded, "excluded by a policy",
            cause: "The longest prefix that holds the destination is among the excludedCIDRs of a policy that selects the pod.",
            confirm: "kubectl egress explain pod NAME --to ADDRESS names the policy and the prefix.",
            fix: "If it should leave by the egress IP: take the prefix out of spec.excludedCIDRs, or narrow it."),
        CodeAdvice(
            .noPolicyClaims, "no policy claims it",
            cause: "No policy selects the pod, or none of those that do has a destination that holds the address.",
            confirm: "kubectl egress explain pod NAME --to ADDRESS lists each policy with what the pod or address would need.",
            fix: "If one should: give the pod the label, or the policy the destination, that explain names."),
        CodeAdvice(
            .hostNetwork, "the pod is on the host's network",
            cause: "A pod with hostNetwork has its node's addresses: policies by pod can't tell its packets from the node's.",
            confirm: "kubectl get pod NAME -o jsonpath={.spec.hostNetwork}",
            fix: "Run it on the pod network, or use the node's own address and routing."),
        CodeAdvice(
            .podFinished, "the pod has finished",
            cause: "A pod that succeeded or failed sends nothing; its address may already be another pod's.",
            confirm: "kubectl get pod NAME shows Completed, Succeeded or Failed."),
        CodeAdvice(
            .podWithoutAddress, "the pod has no address yet",
            cause: "status.podIPs is empty: the container network hasn't been set up, or the kubelet hasn't reported it.",
            confirm: "kubectl get pod NAME -o wide shows <none> for IP.",
            fix: "Wait; when it stays, kubectl describe pod NAME says what the network plugin complains of."),
        CodeAdvice(
            .inCluster, "inside the cluster",
            cause:
                "The destination is a pod, a service or a node of this cluster; traffic to those is never steered, whatever a policy says.",
            confirm: "kubectl egress explain pod NAME --to ADDRESS names the range and where it is from.",
            fix: "If it is outside: a range that the cluster claims is too wide; see docs/architecture.md, \"The cluster's own ranges\"."),
        CodeAdvice(
            .podNotScheduled, "the pod is on no node yet",
            cause: "The scheduler hasn't given it a node, so no datapath can be chosen for it.",
            confirm: "kubectl get pod NAME -o wide shows <none> for NODE.",
            fix: "kubectl describe pod NAME says why no node fits; the taint kubectl-egress.dev/not-ready goes once a node's helper "
                + "works."),
        CodeAdvice(
            .bypass, "let out without a gateway",
            cause:
                "No gateway can serve it, and the policy's annotation kubectl-egress.dev/on-no-gateway says bypass: it leaves as its node.",
            confirm: "kubectl egress status names what is wrong with each gateway.",
            fix: "Bring a gateway back, or remove the annotation: then such packets are dropped."),
    ]
}
