import EgressModel

extension CodeAdvice {
    /// EG205x: service meshes.
    static let meshes = [
        CodeAdvice(
            .sidecarLeavesAsPod, "the mesh's proxy leaves as the pod",
            cause: "The proxy runs inside of the pod and opens its connections from the pod's own address, which egress policies see.",
            confirm: "kubectl get pod NAME -o jsonpath='{.status.podIPs}'."),
        CodeAdvice(
            .meshSendsToGateway, "the mesh sends it to a gateway pod",
            cause: "A route of the mesh leads to a gateway inside of the cluster, and that pod opens the connection that leaves.",
            confirm: "kubectl egress explain pod NAME --to HOST:PORT names the route, and explains the gateway's pod."),
        CodeAdvice(
            .meshUnknown, "where the mesh sends it isn't known",
            cause: "The mesh routes by the name or the content of a request, or by objects that aren't read or don't agree.",
            confirm: "istioctl proxy-config routes POD -n NAMESPACE shows what the proxy does.",
            fix: "Ask with the host's name and the port: --to HOST:PORT."),
        CodeAdvice(
            .ambientLeavesAsPod, "an ambient mesh leaves as the pod",
            cause: "The node's ztunnel opens the pod's connections inside of the pod's own network, so they have the pod's address.",
            confirm: "kubectl get namespace NAME -L istio.io/dataplane-mode."),
        CodeAdvice(
            .pastTheProxy, "it goes past the mesh's proxy",
            cause: "Only TCP is redirected to the proxy, and an annotation of the pod may take addresses or ports out of that.",
            confirm: "kubectl get pod NAME -o yaml shows annotations traffic.sidecar.istio.io/."),
        CodeAdvice(
            .isMeshGateway, "the pod is a gateway",
            cause: "The pod serves a Gateway: what it sends on for others leaves by its own address, and policies must select it.",
            confirm: "kubectl egress explain gateway NAMESPACE/NAME."),
        CodeAdvice(
            .gatewayWithoutPods, "no pod of the gateway is known",
            cause: "No pod has the gateway's label, and none was found by its addresses, its service or its selector.",
            confirm: "kubectl get pods -A -l gateway.networking.k8s.io/gateway-name=NAME.",
            fix: "Look whether its controller runs. A gateway outside of the cluster has no pods, and sends nothing from here."),
    ]
}
