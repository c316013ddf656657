import EgressModel

extension CodeAdvice {
    /// EG204: what network policies say of a connection.
    static let connections = [
        CodeAdvice(
            .connectionDenied, "a network policy denies the connection",
            cause: "A deny rule holds, or a policy isolates the pod and no rule allows the destination and port.",
            confirm: "kubectl egress explain pod NAME --to ADDRESS:PORT lists each policy with the field that decided.",
            fix: "Allow it in a policy of the pod's namespace, if it is meant to pass."),
        CodeAdvice(
            .nameUnknown, "addresses of a name aren't known",
            cause: "A rule of toFQDNs asks for a name, and nothing in the snapshot says which addresses it has.",
            confirm: "The reason names the field and the name.",
            fix: "Ask by the name (--to NAME:PORT), or put a DNSFacts document into the snapshot: docs/network-policies.md."),
        CodeAdvice(
            .portNotGiven, "the answer depends on the port", cause: "A rule is for certain ports or protocols, and none was given.",
            confirm: "The reason names the rule.", fix: "Give the port and protocol: --to ADDRESS:443/tcp."),
        CodeAdvice(
            .policyKindNotEvaluated, "a kind of policy that isn't evaluated",
            cause: "AdminNetworkPolicy and the kinds of some network plugins can allow or deny before, or after, what is evaluated.",
            confirm: "The verdict names the objects.", fix: "Ask the plugin that enforces them."),
        CodeAdvice(
            .networkPolicyInvalid, "a network policy that can't be understood",
            cause: "A field is wrong or isn't known here, so what the policy allows or denies isn't known either.",
            confirm: "kubectl egress explain pod NAME lists its errors with their paths.", fix: "Correct the policy."),
        CodeAdvice(
            .ruleNotJudged, "a rule that a snapshot can't answer",
            cause: "It asks for services, groups, identities of the API server, or labels that Cilium gives by itself.",
            confirm: "The reason names the field.", fix: "Ask Cilium: hubble observe --verdict DROPPED, or cilium-dbg policy trace."),
        CodeAdvice(
            .destinationUnclear, "what the destination is can't be said",
            cause: "The address is inside the cluster or may be, and no pod, node or service of the snapshot has it.",
            confirm: "kubectl get pods,nodes,services -A -o wide | grep ADDRESS.", fix: "Take a newer snapshot, or correct the address."),
        CodeAdvice(
            .enforcementDiffers, "network plugins differ here",
            cause: "Kubernetes leaves open whether blocks of addresses hold pods and nodes, and what holds in a node's own network.",
            confirm: "The reason names the field.",
            fix: "With Cilium, let the snapshot have its configuration (configmap cilium-config); else try it."),
        CodeAdvice(
            .namesNotSeen, "Cilium doesn't see the pod's names",
            cause: "toFQDNs holds addresses that Cilium saw pods resolve, and it only sees questions that a rule with rules.dns lets pass.",
            confirm: "kubectl get ciliumnetworkpolicies -n NAMESPACE -o yaml has no rules.dns for the pod.",
            fix: "Allow UDP and TCP port 53 to the cluster's DNS with rules.dns."),
    ]
}
