import EgressModel

/// What a cluster can't do without, and what through a gateway would be another machine's: cluster DNS, the API server and
/// the metadata addresses of clouds. All of it is in-cluster and never steered; who claims it should know.
struct ClusterLandmarks: Sendable {
    enum Kind: Int, Sendable, CaseIterable {
        case dns
        case apiServer
        case metadata
    }

    /// Each address once, sorted.
    private let addresses: [Kind: [IPAddress]]

    init(_ snapshot: ClusterSnapshot) {
        let dns = snapshot.services.filter(\.isClusterDNS).flatMap(\.addresses)
        let cached = snapshot.services.contains(where: \.isNodeLocalDNS) ? [MetadataAddress.nodeLocalDNS].compactMap(\.self) : []
        let service = snapshot.services.first { $0.metadata.name == "kubernetes" && $0.metadata.namespace == "default" }
        let servers = snapshot.apiServers.isEmpty ? snapshot.nodes.filter(\.isControlPlane).flatMap(\.ownAddresses) : snapshot.apiServers
        addresses = [
            .dns: Set(dns + cached).sorted(), .apiServer: Set((service?.addresses ?? []) + servers).sorted(),
            .metadata: MetadataAddress.all,
        ]
    }

    /// One finding for what the policy would have steered; `nil` where it claims nothing of it.
    func finding(_ policy: EgressGatewayPolicy) -> Finding? {
        let kept = Kind.allCases.compactMap { kind -> String? in
            let claimed = (addresses[kind] ?? []).filter(policy.claims)
            return claimed.isEmpty ? nil : Self.phrase(kind, claimed)
        }
        let all = addresses.values.joined().filter(policy.claims)
        guard !kept.isEmpty,
            let index = policy.destinationCIDRs.firstIndex(where: { prefix in all.contains(where: prefix.contains) })
        else { return nil }
        let list = kept.count > 1 ? kept.dropLast().joined(separator: ", ") + " and " + (kept.last ?? "") : kept.joined()
        return Finding(
            .info, .inClusterKept, object: policy.reference, field: "spec.destinationCIDRs[\(index)]",
            message: "the destinations hold \(list): \(all.count == 1 ? "it stays" : "they stay") direct",
            hint: "nothing to do: kubectl egress explain code \(ReasonCode.inClusterKept) has the reasons")
    }

    /// `cluster DNS (10.96.0.10)`, `the API server (10.96.0.1 and 3 more)`.
    private static func phrase(_ kind: Kind, _ claimed: [IPAddress]) -> String {
        let name =
            switch kind {
            case .dns: "cluster DNS"
            case .apiServer: "the API server"
            case .metadata: claimed.count == 1 ? "a metadata address" : "metadata addresses"
            }
        let first = kind == .metadata ? claimed.first(where: MetadataAddress.bestKnown.contains) ?? claimed.first : claimed.first
        let more = claimed.count > 1 ? " and \(claimed.count - 1) more" : ""
        return "\(name) (\(first.map(\.description) ?? "")\(more))"
    }
}

extension EgressGatewayPolicy {
    /// Whether its own longest prefix for the address is a destination; of equal ones the exclusion counts.
    fileprivate func claims(_ address: IPAddress) -> Bool {
        func longest(_ prefixes: [IPPrefix]) -> Int { prefixes.lazy.filter { $0.contains(address) }.map(\.length).max() ?? -1 }
        return longest(destinationCIDRs) > longest(excludedCIDRs)
    }
}

extension Service {
    /// Of kubeadm and most clouds, of charts of CoreDNS as RKE2's, of OpenShift.
    fileprivate var isClusterDNS: Bool {
        switch metadata.namespace {
        case "kube-system":
            metadata.labels["k8s-app"] == "kube-dns" || metadata.name == "kube-dns" || metadata.name.contains("coredns")
        case "openshift-dns": metadata.name == "dns-default"
        default: false
        }
    }

    /// NodeLocal DNSCache answers on each node at 169.254.20.10; its addon has a headless service for its metrics.
    fileprivate var isNodeLocalDNS: Bool {
        metadata.namespace == "kube-system" && (metadata.name == "node-local-dns" || metadata.labels["k8s-app"] == "node-local-dns")
    }
}

extension Node {
    fileprivate var isControlPlane: Bool {
        ["control-plane", "master"].contains { metadata.labels["node-role.kubernetes.io/\($0)"] != nil }
    }

    fileprivate var ownAddresses: [IPAddress] { internalAddresses + externalAddresses }
}
