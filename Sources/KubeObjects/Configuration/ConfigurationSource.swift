public import EgressModel

/// Objects of a cluster that say which ranges are its own, or who else steers egress traffic.
///
/// Config maps count in the namespaces of those who install them, and nowhere else: whoever may write one in a namespace
/// of their own must not be able to widen the cluster, which would end the steering of what lies in it.
public enum ConfigurationSource: Sendable, Hashable, CaseIterable {
    /// `ClusterConfiguration` of kubeadm.
    case kubeadm
    case cilium
    case flannel
    /// IP pools of Calico, as its CRD and as its API server has them.
    case calico
    /// KEP-1880.
    case serviceCIDR
    /// Where API servers say that they are: the slice, or older the endpoints, of the service `default/kubernetes`.
    case apiServers

    /// Config maps to read, where they are; `kube-system/kubeadm-config`.
    public static let configMaps: [ObjectReference] = allCases.flatMap { source in
        source.namespaces.map { ObjectReference(kind: "ConfigMap", namespace: $0, name: source.configMapName) }
    }

    /// Collections to list, as far as they are served: group and version, then the resource.
    public static let collections: [(apiVersion: String, resource: String)] = [
        ("crd.projectcalico.org/v1", "ippools"), ("projectcalico.org/v3", "ippools"), ("networking.k8s.io/v1", "servicecidrs"),
        ("networking.k8s.io/v1beta1", "servicecidrs"),
    ]

    /// The one object of each that counts; API servers write it, and put right what others write into it.
    public static let apiServerCollections: [(apiVersion: String, resource: String)] = [
        ("discovery.k8s.io/v1", "endpointslices"), ("v1", "endpoints"),
    ]
    public static let apiServersNamespace = "default"
    public static let apiServersName = "kubernetes"

    /// `nil` for every other object.
    public init?(of document: KubeDocument) {
        switch (document.apiVersion, document.kind) {
        case ("v1", "ConfigMap"):
            guard let found = Self.allCases.first(where: { $0.isConfigMap(document.reference) }) else { return nil }
            self = found
        case ("crd.projectcalico.org/v1", "IPPool"), ("projectcalico.org/v3", "IPPool"): self = .calico
        case ("networking.k8s.io/v1", "ServiceCIDR"), ("networking.k8s.io/v1beta1", "ServiceCIDR"): self = .serviceCIDR
        case ("discovery.k8s.io/v1", "EndpointSlice"), ("v1", "Endpoints"):
            guard document.reference.name == Self.apiServersName, document.reference.namespace == Self.apiServersNamespace else {
                return nil
            }
            self = .apiServers
        default: return nil
        }
    }

    private func isConfigMap(_ reference: ObjectReference) -> Bool {
        guard reference.name == configMapName, let namespace = reference.namespace else { return false }
        return namespaces.contains(namespace)
    }

    private var configMapName: String {
        switch self {
        case .kubeadm: "kubeadm-config"
        case .cilium: "cilium-config"
        case .flannel: "kube-flannel-cfg"
        case .calico, .serviceCIDR, .apiServers: ""
        }
    }

    private var namespaces: [String] {
        switch self {
        case .kubeadm: ["kube-system"]
        case .cilium: ["kube-system", "cilium"]
        case .flannel: ["kube-flannel", "kube-system"]
        case .calico, .serviceCIDR, .apiServers: []
        }
    }
}
