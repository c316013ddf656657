public import EgressModel

/// Objects that say which connections pods may make, or what names mean to such rules.
public enum ConnectionDocument: Sendable, Hashable {
    case policy(NetworkPolicyObject.Kind)
    /// One of ours in a version that isn't read, and the one that is.
    case otherVersion(NetworkPolicyObject.Kind, apiVersion: String)
    /// Allows or denies connections, and isn't evaluated.
    case foreign
    case names

    /// `nil` for every other object.
    public init?(of document: KubeDocument) {
        let group = KnownKind.group(of: document.apiVersion)
        if let kind = NetworkPolicyObject.Kind(rawValue: document.kind), kind.groups.contains(group) {
            self = document.apiVersion == kind.apiVersion ? .policy(kind) : .otherVersion(kind, apiVersion: kind.apiVersion)
        } else if (document.apiVersion, document.kind) == (Self.namesVersion, Self.namesKind) {
            self = .names
        } else if ForeignPolicyKind.all.contains(where: { $0.kind == document.kind && $0.group == group }) {
            // Calico's API server shows each NetworkPolicy of Kubernetes a second time, under this name.
            guard !document.reference.name.hasPrefix("knp.default.") else { return nil }
            self = .foreign
        } else {
            return nil
        }
    }

    /// Kinds that belong to a namespace even where a manifest leaves it out.
    static func isNamespaced(_ kind: String) -> Bool {
        NetworkPolicyObject.Kind(rawValue: kind).map { $0 != .ciliumClusterwide }
            ?? (kind == "EgressNetworkPolicy" || kind == "EgressFirewall")
    }

    static let namesVersion = "kubectl-egress.dev/v1alpha1"
    static let namesKind = "DNSFacts"
}

extension NetworkPolicyObject.Kind {
    public var apiVersion: String {
        switch self {
        case .kubernetes: "networking.k8s.io/v1"
        case .cilium, .ciliumClusterwide: "cilium.io/v2"
        }
    }

    fileprivate var groups: [String] {
        switch self {
        case .kubernetes: ["networking.k8s.io", "extensions"]
        case .cilium, .ciliumClusterwide: ["cilium.io"]
        }
    }
}

/// A kind that allows or denies connections and that is named, not evaluated.
public struct ForeignPolicyKind: Sendable, Hashable {
    public var kind: String
    public var group: String
    public var version: String
    public var resource: String
    public var isNamespaced: Bool

    public static let all: [ForeignPolicyKind] = [
        cluster("AdminNetworkPolicy", "policy.networking.k8s.io", "v1alpha1", "adminnetworkpolicies"),
        cluster("BaselineAdminNetworkPolicy", "policy.networking.k8s.io", "v1alpha1", "baselineadminnetworkpolicies"),
        cluster("ClusterNetworkPolicy", "policy.networking.k8s.io", "v1alpha2", "clusternetworkpolicies"),
        namespaced("NetworkPolicy", "crd.projectcalico.org", "v1", "networkpolicies"),
        cluster("GlobalNetworkPolicy", "crd.projectcalico.org", "v1", "globalnetworkpolicies"),
        namespaced("NetworkPolicy", "projectcalico.org", "v3", "networkpolicies"),
        cluster("GlobalNetworkPolicy", "projectcalico.org", "v3", "globalnetworkpolicies"),
        namespaced("NetworkPolicy", "crd.antrea.io", "v1beta1", "networkpolicies"),
        cluster("ClusterNetworkPolicy", "crd.antrea.io", "v1beta1", "clusternetworkpolicies"),
        namespaced("EgressFirewall", "k8s.ovn.org", "v1", "egressfirewalls"),
        namespaced("EgressNetworkPolicy", "network.openshift.io", "v1", "egressnetworkpolicies"),
    ]

    private static func cluster(_ kind: String, _ group: String, _ version: String, _ resource: String) -> ForeignPolicyKind {
        ForeignPolicyKind(kind: kind, group: group, version: version, resource: resource, isNamespaced: false)
    }

    private static func namespaced(_ kind: String, _ group: String, _ version: String, _ resource: String) -> ForeignPolicyKind {
        ForeignPolicyKind(kind: kind, group: group, version: version, resource: resource, isNamespaced: true)
    }
}
