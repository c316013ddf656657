import EgressModel

extension CodeAdvice {
    /// EG3: why the datapath dropped a packet; the number is that of `EGRESS_DROP_*`. Counted by `counters.get` of the helper.
    static let drops = [
        drop(
            1, "no record of the pod yet", "A program is on the pod's device, and its record isn't: the plan is on its way.",
            "Usually gone in a second; else see the node's findings in kubectl egress status."),
        drop(
            2, "a source that isn't the pod's", "The pod sent a packet with an address that isn't its own.",
            "Find out which process does: a forged source, or an address that the CNI doesn't know of."),
        drop(
            3, "TCP in mid-stream without a record",
            "It belongs to no connection that was opened through this policy: opened before it, or "
                + "its address went.", "Open the connection anew; clients usually do."),
        drop(4, "no gateway", "No gateway of the policy matches, or none can serve.", "See EG1001 and EG1002."),
        drop(5, "no egress IP", "The gateway has no address of this family for the policy.", "See EG1101 to EG1105."),
        drop(
            6, "a protocol that isn't carried", "Only TCP, UDP and ICMP echo can be translated.",
            "Exclude the destination, or carry it in UDP or TCP."),
        drop(
            7, "a family that isn't carried", "The pod has no address of the packet's family, or a tunnel packet is of neither.",
            "See EG1106."),
        drop(8, "a fragment", "Older helpers carried no fragments; this one drops none by that reason.", "Nothing."),
        drop(
            9, "too many connections on the pod's node", "The table of connections is full; those that live are kept.",
            "Find the pod that opens so many; status.get of the helper has the fill of its tables."),
        drop(10, "time to live is over", "The packet went through too many routers.", "Look for a routing loop; traceroute shows it."),
        drop(11, "malformed", "Its headers contradict each other.", "A broken sender, or a broken offload of a network card."),
        drop(
            12, "no token of this cluster", "A tunnel packet without the cluster's secret: hand-made, or of another cluster.",
            "If it is a node of yours: its agent can't read the Secret kubectl-egress/tunnel-token."),
        drop(
            13, "from no node", "A tunnel packet from an address that is no node's.",
            "If it is one: is its InternalIP the one that it sends by?"),
        drop(
            14, "an inner source of another node", "The pod's address isn't in the sending node's range.",
            "Are spec.podCIDRs of the nodes what the CNI uses?"),
        drop(
            15, "the gateway doesn't serve the entry", "It has no such policy (any more), while the sender still uses it.",
            "Usually gone in a second; else compare kubectl get egressnode of both nodes."),
        drop(
            16, "not a destination of the policy", "The gateway checks destinations itself, and this is none.",
            "Usually a policy that just changed; else a sender that isn't one of ours."),
        drop(
            17, "no free port", "Every port that was tried is in use to this remote.",
            "Spread over more addresses (strategy spread), or more gateways; close idle connections."),
        drop(
            18, "too many translations", "The gateway's table is full; those that live are kept.",
            "Find the pod that opens so many, or add a gateway."),
        drop(
            19, "no route", "The gateway has no route from the egress IP to the destination.",
            "ip route get DESTINATION from EGRESS-IP on the gateway."),
        drop(
            20, "nobody asked for it", "A packet to a dedicated egress IP that answers no connection.",
            "Normal on the open Internet. Nothing listens on an egress IP."),
        drop(21, "an answer to no pod", "The pod that it is for isn't on this node (any more).", "Normal after a pod is gone."),
        drop(
            22, "an answer to nothing", "The pod didn't open the connection that it answers.",
            "Normal after a helper's record was forgotten."),
        drop(23, "the tunnel refuses", "The device egw0 is missing, or took no key.", "ip -d link show egw0; the helper makes it anew."),
        drop(24, "an unexpected probe", "A probe of gateways that nobody sent.", "Nothing; if it grows, find who sends to UDP port 8474."),
        drop(25, "a kernel helper refused", "The kernel didn't do what the program asked for.", "Report it, with the kernel's version."),
        drop(26, "the gateway hasn't announced the policy", "Its id isn't known on the pod's node yet.", "See EG1003."),
        drop(
            27, "too big", "Larger than the way out, and it may not be fragmented.",
            "Normal while a sender learns a size; what it can't be told (less than 576 octets, IPv6: 1280) needs a wider link."),
        drop(
            28, "a fragment without its first", "The first fragment, which has the ports, wasn't seen before.",
            "Fragments that overtake their first are lost; smaller packets aren't fragmented."),
        drop(
            29, "the pod has too many connections", "As many as one pod may have are open.",
            "Find out what the pod scans; connections that it closes make room."),
        drop(
            30, "the entry has too many translations", "As many as one entry of a policy may have are open.",
            "Spread the policy's pods over more gateways or policies."),
        drop(
            31, "to an egress IP, from inside", "A pod that leaves by an egress IP asked for an egress IP.",
            "Ask for the service itself: an egress IP answers nobody."),
        drop(
            32, "the port is another's", "A connection of the node itself from a port of a shared address that a pod's has.",
            "Let the policy have an address of its own (egressIP)."),
        drop(
            33, "an ICMP error about nothing", "The packet that it quotes belongs to no living connection.",
            "Normal after a connection is over."),
        drop(
            34, "new connections wait", "The helper is changing to another layout of its tables; open connections go on.",
            "Nothing: the sender tries again within a second or two."),
        drop(
            35, "extension headers", "IPv6 extension headers that can't be followed to the ports.",
            "Send without them; a routing header must be used up."),
        drop(
            36, "kept from leaving as the node", "A claimed packet came to an uplink on another way than its gateway's.",
            "See EG5 findings of the node; something steers round the program."),
        drop(
            37, "a service that leads outside", "A selected pod asked a service of the cluster whose endpoint is outside.",
            "Ask the endpoint itself, so that it leaves by the egress IP, or exclude it (excludedCIDRs)."),
        drop(
            38, "marked, and no pod's packet", "What bears the mark of stack steering came to the tunnel and isn't a claimed pod's.",
            "Find who marks packets with 0x1000, or give egress-helper another bit by --stack-mark."),
    ]

    private static func drop(_ number: Int, _ title: String, _ cause: String, _ fix: String) -> CodeAdvice {
        CodeAdvice(
            .drop(number), title, cause: cause,
            confirm: "kubectl egress observe --kind dropped shows whose packets they are; counters.get of the node's helper counts them.",
            fix: fix)
    }
}
