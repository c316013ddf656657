import EgressModel

extension CodeAdvice {
    /// EG2090 on: what a policy met on a node when it came.
    static let arrivals = [
        CodeAdvice(
            .openConnectionsEnded, "open connections ended",
            cause:
                "Connections that a pod has open when a policy first claims it go on as they are. Of this pod nobody could say which those "
                + "were, so none did: a connection that nobody knows is dropped, not let go.",
            confirm: "kubectl egress status names a pod and the reason. On the node: conntrack -L; ss -tun in the pod's namespace.",
            fix:
                "Nothing, when the pod has connected again. For the next time: conntrack's netlink in the node's kernel "
                + "(CONFIG_NF_CT_NETLINK), or a helper that may enter pods' network namespaces (CAP_SYS_ADMIN, hostPID).")
    ]

    /// EG4: agents, helpers and plans.
    static let control = [
        CodeAdvice(
            .helperUnreachable, "the helper can't be reached",
            cause: "The agent has no answer from its node's helper. The kernel goes on as it was; changes wait.",
            confirm: "kubectl -n kubectl-egress get pods -o wide; logs of the container helper on that node.",
            fix: "Bring the helper back; it finds what is in force, and the agent sends what is new."),
        CodeAdvice(
            .helperRefused, "the helper refused the plan", cause: "The kernel didn't take a part of the plan; what was in force stays.",
            confirm: "The message has the helper's words; kubectl -n kubectl-egress logs POD -c helper.", fix: "Do what its hint says."),
        CodeAdvice(
            .podNotGoverned, "a pod isn't governed",
            cause:
                "No device on the node's side was found for the pod (ipvlan, macvlan, SR-IOV, some sandboxes), so no program sees its "
                + "packets.",
            confirm: "ip -o link on its node; kubectl egress status names the pods.",
            fix: "Use a CNI with veths for it. Until then the guard drops what policies claim of it."),
        CodeAdvice(
            .snapshotIncomplete, "not everything was read",
            cause: "A kind that decides couldn't be read whole; from a part nobody can tell what should go, so nothing is changed.",
            confirm: "kubectl egress status says what is unknown; the agent's log has the server's words.",
            fix: "Give the agent the right that is missing (deploy/base/rbac-agent.yaml), or bring the server back."),
        CodeAdvice(
            .notYetProgrammed, "not in force yet", cause: "The node hasn't confirmed this version of the policy.",
            confirm: "kubectl egress status -w.", fix: "Usually gone in a second; else see the node's other findings."),
        CodeAdvice(
            .rangesUnknown, "the cluster's own ranges aren't known",
            cause: "Nobody says which addresses are pods', so private ranges count as inside the cluster and aren't steered.",
            confirm: "The agent's first lines name the sources; kubectl get nodes -o jsonpath={.items[*].spec.podCIDRs}.",
            fix: "Start the agents with --cluster-cidr, once for each range of pods."),
        CodeAdvice(
            .ciliumOwnsPolicies, "Cilium's own egress gateway is on",
            cause: "Cilium carries these policies out itself; two of us on the same packets would undo each other.",
            confirm: "kubectl -n kube-system get configmap cilium-config -o yaml | grep egress-gateway",
            fix: "Switch one of them off; explain and list still say what Cilium does."),
        CodeAdvice(
            .policyInForce, "in force", cause: "The policy, or the node's plan, is in force (again).",
            confirm: "kubectl egress status."),
    ]

    /// EG5: the command line and its permissions.
    static let client = [
        CodeAdvice(
            .sourceUnreadable, "the source can't be read", cause: "A file, folder or server that was named gives nothing.",
            confirm: "The message has the path or the server's words.", fix: "Correct the path, the context, or the credentials."),
        CodeAdvice(
            .liveDataUnknown, "live data isn't known", cause: "It needs a helper, and none could be asked.",
            confirm: "kubectl auth can-i create pods/exec -n kubectl-egress.", fix: "Use --socket on the node, or ask somebody who may."),
        CodeAdvice(
            .readForbidden, "reading isn't allowed", cause: "The server refuses this kind to you: it is unknown, not absent.",
            confirm: "kubectl auth can-i list KIND -A.", fix: "Ask for the ClusterRole kubectl-egress-view (deploy/base/rbac-users.yaml)."),
        CodeAdvice(
            .kindNotServed, "the server doesn't know the kind", cause: "Its CustomResourceDefinition isn't installed.",
            confirm: "kubectl api-resources | grep -i egress.", fix: "kubectl egress install."),
        CodeAdvice(
            .readFailed, "reading failed", cause: "The server answered with an error, or not at all: it is unknown, not absent.",
            confirm: "The message has its words; -v=6 shows the requests.", fix: "Try again; then look at the server."),
    ]
}
