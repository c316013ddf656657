public import EgressModel
import JSONText

/// A kind by which another product says how pods leave the cluster. Nothing is wrong with it; it has no effect on egress.
public struct ForeignEgressKind: Sendable, Hashable {
    public let product: String
    /// How the same is written as a CiliumEgressGatewayPolicy.
    public let instead: String

    /// `nil` for a kind that isn't known as one; the version doesn't matter.
    public init?(apiVersion: String, kind: String) {
        let group = KnownKind.group(of: apiVersion)
        guard let known = Self.known.first(where: { $0.group == group && $0.kinds.contains(kind) }) else { return nil }
        (product, instead) = (known.product, known.instead)
    }

    private static let pool = "an egress policy names one address as egressGateway.egressIP, there are no pools"
    private static let gateway = "egressGateway.nodeSelector of a policy says which node is the gateway; nothing is deployed for it"

    private static let known: [(group: String, kinds: Set<String>, product: String, instead: String)] = [
        (
            "isovalent.com", ["IsovalentEgressGatewayPolicy"], "Isovalent Enterprise for Cilium",
            "the same selectors and destinationCIDRs, and one entry of egressGateways for each of egressGroups"
        ),
        (
            "k8s.ovn.org", ["EgressIP"], "OVN-Kubernetes",
            "namespaceSelector and podSelector go to one entry of selectors, each of egressIPs to an entry of egressGateways"
        ),
        ("k8s.ovn.org", ["EgressService"], "OVN-Kubernetes", "the Service's selector goes to selectors[].podSelector"),
        (
            "network.openshift.io", ["NetNamespace", "HostSubnet"], "OpenShift SDN",
            "the namespace goes to selectors[].namespaceSelector, egressIPs to egressGateways, the host to nodeSelector"
        ),
        (
            "projectcalico.org", ["EgressGatewayPolicy"], "Calico",
            "each destination.cidr goes to destinationCIDRs, and pods are named by selectors instead of by annotation"
        ),
        (
            "crd.projectcalico.org", ["EgressGatewayPolicy"], "Calico",
            "each destination.cidr goes to destinationCIDRs, and pods are named by selectors instead of by annotation"
        ),
        ("operator.tigera.io", ["EgressGateway"], "Calico", gateway),
        (
            "crd.antrea.io", ["Egress"], "Antrea",
            "appliedTo goes to one entry of selectors, egressIP to egressGateway.egressIP; destinationCIDRs must be written"
        ),
        ("crd.antrea.io", ["ExternalIPPool"], "Antrea", pool),
        (
            "egressgateway.spidernet.io", ["EgressPolicy", "EgressClusterPolicy"], "Spidernet EgressGateway",
            "appliedTo goes to selectors, destSubnet to destinationCIDRs, egressIP to egressGateway.egressIP"
        ),
        ("egressgateway.spidernet.io", ["EgressGateway"], "Spidernet EgressGateway", gateway),
        (
            "kubeovn.io", ["VpcEgressGateway"], "Kube-OVN",
            "selectors go to selectors, externalIPs to egressGateways; \(gateway)"
        ),
        ("kubeovn.io", ["IptablesSnatRule", "OvnSnatRule", "IptablesEIP", "OvnEip"], "Kube-OVN", pool),
        (
            "coil.cybozu.com", ["Egress"], "Coil",
            "destinations go to destinationCIDRs, and pods are named by selectors instead of by annotation"
        ),
        (
            "egressgateway.kubernetes.azure.com", ["StaticGatewayConfiguration"], "Azure's kube-egress-gateway",
            "excludeCidrs go to excludedCIDRs, and pods are named by selectors instead of by annotation"
        ),
        (
            "submariner.io", ["GlobalEgressIP", "ClusterGlobalEgressIP"], "Submariner",
            "podSelector goes to an entry of selectors; \(pool)"
        ),
        ("networking.gke.io", ["EgressNATPolicy"], "GKE", "it says what is not translated: such ranges go to excludedCIDRs"),
    ]
}

extension KubeDocument {
    /// What to say of an object of another product's, where somebody wants policies checked.
    public var foreignKindFinding: Finding? {
        guard let foreign = ForeignEgressKind(apiVersion: apiVersion, kind: kind) else { return nil }
        return Finding(
            .warning, .foreignKind, object: reference, field: "kind", place: place(of: JSONPath([.key("kind")])),
            message: "\(kind) of \(apiVersion) belongs to \(foreign.product); it has no effect on egress here",
            hint: "as CiliumEgressGatewayPolicy, \(KnownKind.policy.apiVersion): \(foreign.instead)")
    }
}
