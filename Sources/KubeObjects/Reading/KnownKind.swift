import EgressModel

/// The kinds that become model values.
enum KnownKind: String, CaseIterable {
    case node = "Node"
    case namespace = "Namespace"
    case pod = "Pod"
    case service = "Service"
    case policy = "CiliumEgressGatewayPolicy"
    case egressNode = "EgressNode"

    var apiVersion: String {
        switch self {
        case .node, .namespace, .pod, .service: "v1"
        case .policy: "cilium.io/v2"
        case .egressNode: "kubectl-egress.dev/v1alpha1"
        }
    }

    var isNamespaced: Bool { self == .pod || self == .service }

    var group: String { Self.group(of: apiVersion) }

    static func group(of apiVersion: String) -> String {
        apiVersion.contains("/") ? String(apiVersion.prefix { $0 != "/" }) : ""
    }
}

extension KnownKind {
    enum Recognition: Equatable {
        case known(KnownKind)
        /// Not ours to read; nothing is wrong with it.
        case foreign
        /// Looks like one of ours with a wrong name or version.
        case mistaken(for: KnownKind, message: String, hint: String)
    }

    static func recognize(apiVersion: String, kind: String) -> Recognition {
        if let known = KnownKind(rawValue: kind) {
            if known.apiVersion == apiVersion { return .known(known) }
            // Another group may well have a Service or a Node of its own.
            let isOurs = known == .policy || known == .egressNode || group(of: apiVersion) == known.group
            guard isOurs else { return .foreign }
            return .mistaken(
                for: known, message: "\(kind) has no version \"\(apiVersion)\"" + (known == .policy ? " in any release" : ""),
                hint: "write apiVersion: \(known.apiVersion)")
        }
        if kind == "CiliumEgressNATPolicy" {
            return .mistaken(
                for: .policy, message: "CiliumEgressNATPolicy is the old form of an egress policy and is not read",
                hint:
                    "write it as CiliumEgressGatewayPolicy, \(KnownKind.policy.apiVersion): egress[] goes to selectors, egressSourceIP to "
                    + "egressGateway.egressIP, and egressGateway.nodeSelector says which node is the gateway")
        }
        for known in [KnownKind.policy, .egressNode] where known.group == group(of: apiVersion) {
            guard NearestName.of(kind, among: [known.rawValue]) != nil else { continue }
            return .mistaken(
                for: known, message: "\(apiVersion) has no kind \"\(kind)\"", hint: "did you mean \(known.rawValue)?")
        }
        return .foreign
    }
}
