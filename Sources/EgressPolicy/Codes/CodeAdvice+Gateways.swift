import EgressModel

extension CodeAdvice {
    /// EG10 and EG11: gateways, nodes and their addresses.
    static let gateways = [
        CodeAdvice(
            .noGatewayMatches, "no node is a gateway",
            cause: "The policy's egressGateway.nodeSelector matches no node of the cluster.",
            confirm: "kubectl get nodes --show-labels, beside the policy's nodeSelector.",
            fix: "Label a node: kubectl label node NODE KEY=VALUE; or correct the selector."),
        CodeAdvice(
            .noGatewayEligible, "no gateway can serve",
            cause: "Nodes match, but each is not ready, silent, draining, or has no address for the policy.",
            confirm: "kubectl egress status lists every gateway with its own reason.",
            fix: "Mend what is said of the gateways, or let the selector match another node."),
        CodeAdvice(
            .entryNotAnnounced, "the gateway hasn't announced the policy yet",
            cause: "A gateway gives each policy an id, and other nodes use it only once it is announced in the gateway's EgressNode.",
            confirm: "kubectl get egressnode GATEWAY -o jsonpath={.status.resolutions[*].policy}",
            fix: "Usually gone in a second. Else look at the agent on the gateway: kubectl -n kubectl-egress logs POD -c agent."),
        CodeAdvice(
            .nodeSilent, "the node is silent",
            cause: "Its agent hasn't been heard for 90 seconds: it, the node, or its way to the API server is down.",
            confirm: "kubectl get egressnodes shows when each reported; kubectl -n kubectl-egress get pods -o wide shows its agent.",
            fix: "Bring the agent back. What is in force on the node goes on as it was."),
        CodeAdvice(
            .gatewayCordoned, "the gateway is cordoned",
            cause: "kubectl cordon keeps new pods away; it doesn't move egress traffic.",
            confirm: "kubectl get node NODE shows SchedulingDisabled.",
            fix: "To move its traffic: kubectl annotate node NODE kubectl-egress.dev/drain=true."),
        CodeAdvice(
            .noNodeReports, "no node reports",
            cause: "There is no EgressNode: kubectl-egress isn't installed in this cluster, or its agents can't write.",
            confirm: "kubectl get egressnodes; kubectl -n kubectl-egress get daemonset.",
            fix: "kubectl egress install."),
        CodeAdvice(
            .entryIDsUsedUp, "the gateway has no entry id to give",
            cause:
                "A node has four million ids. All were given out, and one that is free again rests for a quarter of an hour in which "
                + "every node is heard: a node with an older view would else send by another policy's address.",
            confirm: "kubectl get egressnode NODE -o yaml: status.lastEntryID is 4194303, status.restingIDs says what rests.",
            fix: "Wait, and see that every node is Ready and reports (kubectl egress status); delete nodes that are gone for good."),
        CodeAdvice(
            .addressOnNoInterface, "the egress IP is on no interface of the gateway",
            cause: "spec.egressGateway.egressIP must be on an interface of the gateway that is up; we don't invent addresses.",
            confirm: "ip -o address on the gateway; the message says which addresses it has.",
            fix: "Add the address to the gateway, name one that it has, or let a module claim it (strategy static with claim)."),
        CodeAdvice(
            .interfaceNotFound, "the interface isn't there",
            cause: "The gateway has no interface of that name or alternative name, or it is down.",
            confirm: "ip -o link on the gateway; the message says which interfaces it has.",
            fix: "Correct the name, bring the interface up, or use the strategy interface with a pattern or a route."),
        CodeAdvice(
            .interfaceWithoutAddress, "the interface has no usable address",
            cause: "The interface has no global address of the family that the destinations need; link-local ones never count.",
            confirm: "ip -o address show dev INTERFACE on the gateway.",
            fix: "Give it an address of that family, or leave that family out of spec.destinationCIDRs."),
        CodeAdvice(
            .noDefaultRoute, "the gateway has no default route",
            cause: "Without egressIP and interface the address is that of the default route's interface, and there is none of this family.",
            confirm: "ip route show default; ip -6 route show default.",
            fix: "Name egressIP or interface in the policy, or give the gateway a default route."),
        CodeAdvice(
            .addressUnknown, "the address isn't known yet",
            cause: "The gateway hasn't said by which address it would serve; with a strategy: its module is still being asked.",
            confirm: "kubectl egress plugins; kubectl egress status.",
            fix: "Usually gone in a second. A module that never answers becomes EG1203."),
        CodeAdvice(
            .familyWithoutDatapath, "a family that isn't carried",
            cause: "What a policy claims in a family in which the pod has no address is dropped, never let out as the node.",
            confirm: "kubectl get pod NAME -o jsonpath={.status.podIPs}; kubectl egress explain pod NAME --to ADDRESS.",
            fix: "Give the pods addresses of the family, or leave it out of spec.destinationCIDRs."),
    ]

    /// EG12: plugin modules.
    static let plugins = [
        CodeAdvice(
            .pluginUnknown, "no module has the strategy's name",
            cause: "The annotation kubectl-egress.dev/strategy names a module that the gateway's helper doesn't have.",
            confirm: "kubectl egress plugins --socket PATH on the gateway lists its modules.",
            fix: "Correct the name, or install the module on every gateway, root-owned, in /usr/lib/kubectl-egress/plugins."),
        CodeAdvice(
            .pluginRefusedConfiguration, "the module refuses its configuration",
            cause: "The module doesn't accept the JSON in kubectl-egress.dev/strategy-config; its words name the field.",
            confirm: "egress-helper plugin-check MODULE 'JSON' with the same text; the module's config.schema.json.",
            fix: "Correct the field that the message names."),
        CodeAdvice(
            .pluginFailed, "the module failed",
            cause: "It crashed, hung for more than 2 seconds, answered nonsense, can't be loaded, or said to be asked later.",
            confirm:
                "kubectl egress plugins --socket PATH says its health and its last end; egress-helper plugin-check MODULE says what "
                + "is wrong.",
            fix: "Mend or replace the module. It is asked again by itself, after a minute at most."),
        CodeAdvice(
            .pluginAddressOnNoInterface, "the module's address is on no interface",
            cause: "A module that doesn't claim its addresses must answer such that an interface of the gateway holds and that is up.",
            confirm: "kubectl egress plugins POLICY -o wide, beside ip -o address on the gateway.",
            fix: "Put the address on the gateway, or configure the module to claim it."),
        CodeAdvice(
            .pluginNoAddress, "the module has no address here",
            cause: "It understood the question, and this node has none: an annotation, label or interface that it looks for is missing.",
            confirm: "kubectl egress plugins POLICY -o wide shows its words.",
            fix: "Give the node what the module looks for, or leave the node out of the gateway's selector."),
        CodeAdvice(
            .lastAnswerInForce, "an older answer stays in force",
            cause: "The module fails now; what it answered before still holds, and traffic goes on by it.",
            confirm: "kubectl egress plugins POLICY shows the answer, since when, and what fails.",
            fix: "Mend what the code in the message says (EG1201, EG1202, EG1203 or EG1208)."),
        CodeAdvice(
            .addressHeldElsewhere, "another node holds the address",
            cause: "A claimed address has one owner: the node that holds its lock.",
            confirm: "kubectl -n kubectl-egress get leases -l kubectl-egress.dev/egress-ip=true shows the holders.",
            fix: "Nothing, if one gateway is enough. Else give each gateway addresses of its own (strategy spread with nodes)."),
        CodeAdvice(
            .addressNotClaimed, "the address couldn't be claimed",
            cause: "Its lock couldn't be had (the API server can't be reached, or refuses), or the kernel didn't take the address.",
            confirm: "kubectl -n kubectl-egress logs POD -c agent; kubectl auth can-i create leases -n kubectl-egress --as …",
            fix: "Mend what the message says; it is tried again every five to ten seconds."),
    ]
}
