import EgressModel

/// A field that people paste into a policy: of another product, of an older kind, at the wrong level, or of nobody's.
struct PastedField: Sendable {
    /// Whose field it is; `nil`: a field of this kind at the wrong level, or one that nobody has.
    var owner: String?
    var hint: String

    init(of owner: String? = nil, _ hint: String) { (self.owner, self.hint) = (owner, hint) }
}

extension PastedField {
    private static let pool =
        "there are no pools here: name one address as egressGateway.egressIP, or use the annotation \(EgressAnnotation.strategy)"
    private static let addresses = "one address goes to egressGateway.egressIP; for several, one entry of egressGateways each"
    private static let onlyAddresses = "only addresses can be destinations: destinationCIDRs"
    private static let noPorts = "a policy holds for every port and protocol: leave it out; which ports a pod may use, a NetworkPolicy says"
    private static let destinations = "destinations go to destinationCIDRs"
    private static let rule = "belongs into an entry of selectors"

    private static let isovalent = "Isovalent's IsovalentEgressGatewayPolicy"
    private static let spidernet = "Spidernet's EgressGateway"
    private static let spidernetPolicy = "Spidernet's EgressPolicy"
    private static let antrea = "Antrea's Egress"
    private static let ovn = "OVN-Kubernetes' EgressIP"
    private static let calico = "Calico's EgressGatewayPolicy"
    private static let kubeOVN = "Kube-OVN's VpcEgressGateway"
    private static let natPolicy = "the former CiliumEgressNATPolicy"
    private static let networkPolicy = "CiliumNetworkPolicy"

    /// In `spec`, by their lower-case names.
    static let inSpec: [String: PastedField] = [
        "ippools": PastedField(of: spidernet, pool), "ippool": PastedField(of: "Calico's EgressGateway", pool),
        "externalippool": PastedField(of: antrea, pool), "egresscidrs": PastedField(of: isovalent, pool),
        "egressips": PastedField(of: ovn, addresses), "externalips": PastedField(of: kubeOVN, addresses),
        "egressip": PastedField("belongs into egressGateway"), "interface": PastedField("belongs into egressGateway"),
        "egressgroups": PastedField(of: isovalent, "write one entry of egressGateways for each group"),
        "azaffinity": PastedField(
            of: isovalent, "not supported; choose the gateways of a zone by egressGateways[].nodeSelector"),
        "maxgatewaynodes": PastedField(of: isovalent, "not supported; one node is chosen for each entry of egressGateways"),
        "gateways": PastedField("did you mean egressGateways?"),
        "egress": PastedField(of: natPolicy, "its podSelector and namespaceSelector go to an entry of selectors, \(destinations)"),
        "egresssourceip": PastedField(of: natPolicy, "its name is egressGateway.egressIP now"),
        "podselector": PastedField(rule), "namespaceselector": PastedField(rule),
        "nodeselector": PastedField("belongs into an entry of selectors (the pod's node) or into egressGateway (the gateway)"),
        "matchlabels": PastedField("belongs into podSelector or namespaceSelector of an entry of selectors"),
        "matchexpressions": PastedField("belongs into podSelector or namespaceSelector of an entry of selectors"),
        "endpointselector": PastedField(of: networkPolicy, "write it as selectors[].podSelector"),
        "appliedto": PastedField(of: antrea, "write its podSelector and namespaceSelector as an entry of selectors"),
        "egressgatewayname": PastedField(of: spidernetPolicy, "egressGateway.nodeSelector says which node is the gateway"),
        "destsubnet": PastedField(of: spidernetPolicy, destinations),
        "destinations": PastedField(of: "Coil's Egress", destinations), "destinationcidr": PastedField("did you mean destinationCIDRs?"),
        "rules": PastedField(of: calico, "each destination.cidr goes to destinationCIDRs, the gateway to egressGateway"),
        "policies": PastedField(of: kubeOVN, "their CIDRs go to destinationCIDRs"),
        "bfd": PastedField(of: kubeOVN, "not supported; a gateway that falls silent is replaced by the next one that matches"),
        "replicas": PastedField("not supported; one entry of egressGateways for each gateway"),
        "destinationfqdns": PastedField(onlyAddresses), "fqdns": PastedField(onlyAddresses),
        "tofqdns": PastedField(of: networkPolicy, onlyAddresses), "tocidr": PastedField(of: networkPolicy, destinations),
        "tocidrset": PastedField(of: networkPolicy, "its cidr goes to destinationCIDRs, its except to excludedCIDRs"),
        "toports": PastedField(of: networkPolicy, noPorts), "ports": PastedField(noPorts), "port": PastedField(noPorts),
        "destinationports": PastedField(noPorts), "protocol": PastedField(noPorts), "protocols": PastedField(noPorts),
        "excludecidrs": PastedField("did you mean excludedCIDRs?"), "except": PastedField("did you mean excludedCIDRs?"),
        "priority": PastedField("write it as the annotation \(EgressAnnotation.priority)"),
        "strategy": PastedField("write it as the annotation \(EgressAnnotation.strategy)"),
        "namespace": PastedField("pods are chosen by selectors[].namespaceSelector"),
    ]

    /// In an entry of `selectors`.
    static let inRule: [String: PastedField] = [
        "matchlabels": PastedField("belongs into podSelector"), "matchexpressions": PastedField("belongs into podSelector"),
        "labelselector": PastedField("did you mean podSelector?"), "selector": PastedField("did you mean podSelector?"),
        "endpointselector": PastedField(of: networkPolicy, "did you mean podSelector?"),
        "podsubnet": PastedField(of: spidernetPolicy, "pods are chosen by their labels: podSelector"),
        "namespace": PastedField(
            "write it as namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: NAME}}"),
        "namespaces": PastedField("write it as namespaceSelector with the label kubernetes.io/metadata.name"),
        "serviceaccount": PastedField("pods are chosen by their labels: podSelector"),
    ]

    /// In `egressGateway` and the entries of `egressGateways`.
    static let inGateway: [String: PastedField] = [
        "egressips": PastedField("one address goes to egressIP; for several, one entry of egressGateways each"),
        "ippools": PastedField(of: spidernet, pool.replacing("egressGateway.egressIP", with: "egressIP")),
        "ippool": PastedField(of: "Calico's EgressGateway", pool.replacing("egressGateway.egressIP", with: "egressIP")),
        "egresscidrs": PastedField(of: isovalent, pool.replacing("egressGateway.egressIP", with: "egressIP")),
        "ip": PastedField("did you mean egressIP?"), "ipv4": PastedField(of: spidernetPolicy, "did you mean egressIP?"),
        "egresssourceip": PastedField(of: natPolicy, "the old name of egressIP"),
        "maxgatewaynodes": PastedField(of: isovalent, "not supported; one node is chosen for each entry of egressGateways"),
        "nodename": PastedField("choose the node by nodeSelector, for example by its label kubernetes.io/hostname"),
        "node": PastedField("choose the node by nodeSelector, for example by its label kubernetes.io/hostname"),
        "matchlabels": PastedField("belongs into nodeSelector"),
    ]

    static let inSelector: [String: PastedField] = [
        "matchlabel": PastedField("did you mean matchLabels?"), "matchexpression": PastedField("did you mean matchExpressions?"),
        "labels": PastedField("did you mean matchLabels?"),
    ]
}
