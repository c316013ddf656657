public import EgressModel

/// Who leaves by an address, and what the address is itself.
public struct AddressUse: Sendable, Hashable {
    /// Something in the cluster that has the address as its own.
    public struct Identity: Sendable, Hashable {
        public enum Kind: String, Sendable, Hashable {
            case pod
            case service
            case node
            /// On an interface of a node, as the node reports.
            case interface
            /// Inside of a range of the cluster's own.
            case range
        }

        public var kind: Kind
        /// `nil` for a range.
        public var object: ObjectReference?
        public var detail: String
    }

    /// Pods that leave by it, by one policy through one gateway.
    public struct Use: Sendable, Hashable {
        public var policy: String
        public var gatewayNode: String
        public var interface: String?
        /// Sorted.
        public var prefixes: [IPPrefix]
        /// By namespace and name.
        public var pods: [Pod]
    }

    /// What would make something leave by it.
    public struct Nearest: Sendable, Hashable {
        public var policy: String?
        public var node: String?
        public var reason: Reason
    }

    public var address: IPAddress
    public var identities: [Identity]
    /// By policy, then gateway.
    public var uses: [Use]
    /// Empty where something leaves by it.
    public var nearest: [Nearest]

    public init(of address: IPAddress, in effective: EffectivePolicy, services: [Service]) {
        self.address = address
        uses = Self.uses(address, effective)
        identities = Self.identities(address, effective, services)
        nearest = uses.isEmpty ? Self.nearest(address, effective) : []
    }

    /// Each pod once.
    public var pods: [Pod] {
        var seen: Set<ObjectReference> = []
        return uses.flatMap(\.pods).filter { seen.insert($0.reference).inserted }
            .sorted { ($0.namespace, $0.name) < ($1.namespace, $1.name) }
    }

    private struct UseKey: Hashable {
        var policy: String
        var gatewayNode: String
        var interface: String?
    }

    private static func uses(_ address: IPAddress, _ effective: EffectivePolicy) -> [Use] {
        var uses: [UseKey: (prefixes: Set<IPPrefix>, pods: [Pod])] = [:]
        for pod in effective.pods {
            for rule in pod.rules where rule.action == .gateway && rule.egressIP == address {
                let key = UseKey(policy: rule.policy, gatewayNode: rule.gatewayNode ?? "", interface: rule.interface)
                uses[key, default: ([], [])].prefixes.insert(rule.prefix)
                if uses[key]?.pods.last?.reference != pod.pod.reference { uses[key]?.pods.append(pod.pod) }
            }
        }
        return uses.map { key, value in
            Use(
                policy: key.policy, gatewayNode: key.gatewayNode, interface: key.interface, prefixes: value.prefixes.sorted(),
                pods: value.pods.sorted { ($0.namespace, $0.name) < ($1.namespace, $1.name) })
        }.sorted { ($0.policy, $0.gatewayNode, $0.interface ?? "") < ($1.policy, $1.gatewayNode, $1.interface ?? "") }
    }

    private static func identities(_ address: IPAddress, _ effective: EffectivePolicy, _ services: [Service]) -> [Identity] {
        var found: [Identity] = effective.pods.map(\.pod).filter { $0.addresses.contains(address) && !$0.isHostNetwork && !$0.isFinished }
            .map { pod in
                Identity(kind: .pod, object: pod.reference, detail: "the pod's own address; kubectl egress explain pod tells how it leaves")
            }
        found += services.filter { $0.addresses.contains(address) }.map { service in
            let reference = ObjectReference(kind: "Service", namespace: service.metadata.namespace, name: service.metadata.name)
            return Identity(kind: .service, object: reference, detail: "an address of the service; nothing leaves by it")
        }
        for node in effective.nodes where (node.internalAddresses + node.externalAddresses).contains(address) {
            let detail = "the node's own address: what no policy claims usually leaves by it"
            found.append(Identity(kind: .node, object: ObjectReference(kind: "Node", name: node.name), detail: detail))
        }
        for report in effective.egressNodes {
            for interface in report.interfaces where interface.addresses.contains(where: { $0.address == address }) {
                let detail = "on interface \(interface.name)\(interface.isUp ? "" : ", which is down")"
                found.append(Identity(kind: .interface, object: ObjectReference(kind: "Node", name: report.name), detail: detail))
            }
        }
        if found.isEmpty, let range = effective.clusterRange(holding: address) {
            found.append(Identity(kind: .range, object: nil, detail: "inside of the cluster's \(range.title)"))
        }
        return found.sorted { ($0.kind.rawValue, $0.object?.description ?? "") < ($1.kind.rawValue, $1.object?.description ?? "") }
    }
}
