import EgressModel

/// EG206x: what `diff`, `apply` and what-ifs say of a change before it is made.
extension CodeAdvice {
    static let changes: [CodeAdvice] = [
        CodeAdvice(
            .changeDrops, "the change drops traffic",
            cause:
                "Packets that leave today would be dropped: a policy claims them and has no gateway, no address, or no datapath for them.",
            confirm: "kubectl egress diff -f FILE shows each pod and destination; the message has the reason's own code.",
            fix: "Do what the reason's code advises before you apply; kubectl-egress.dev/on-no-gateway=bypass lets packets out meanwhile."),
        CodeAdvice(
            .policyTakesOver, "another policy decides than today",
            cause:
                "By a longer prefix, a higher priority or a wider selector, a policy decides destinations that another one decides today.",
            confirm: "kubectl egress explain pod NAME --to ADDRESS --what-if -f FILE."),
        CodeAdvice(
            .overlapEnds, "an overlap of today ends",
            cause: "Two policies claim the same prefix for the same pods today, and after the change they don't.",
            confirm: "kubectl egress status shows the overlap of today (EG2013)."),
        CodeAdvice(
            .portsScarce, "many pods on one egress IP",
            cause:
                "All pods of one egress IP share its source ports to each remote address and port: 64512 on an address of its own, 8192 on "
                + "one that the node uses too. When they all talk to one remote, there are few for each.",
            confirm: "Compare with what a pod needs at once to its busiest remote: ss -tn inside of it.",
            fix: "Spread the pods over several gateways or addresses with spec.egressGateways, or over several policies."),
        CodeAdvice(
            .moduleNotAsked, "the module's answer isn't known yet",
            cause: "The policy takes its addresses from a plugin module, and gateways ask the module only for policies that are applied.",
            confirm: "After applying it: kubectl egress plugins."),
        CodeAdvice(
            .connectionsEnd, "open connections may break",
            cause:
                "A connection keeps the source address that it began with. Where a pod's address, gateway or verdict changes, connections "
                + "that are open to these destinations can't go on; nor can those that were open before a policy first claims a pod.",
            confirm: "kubectl egress diff -f FILE lists pods and destinations; ss -tn inside of a pod shows its connections.",
            fix: "Apply when these connections may break, or let clients connect again."),
        CodeAdvice(
            .tooManyPods, "the change touches more pods than allowed",
            cause: "--max-pods says how many pods may leave in another way than before, and it would be more.",
            confirm: "kubectl egress diff -f FILE lists them.",
            fix: "Look at the list: a selector is perhaps too wide. If it is meant, raise --max-pods."),
    ]
}
