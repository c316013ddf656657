public import EgressModel

/// The pods behind a `Gateway`, and how they were found.
public struct GatewayPods: Sendable, Hashable {
    public enum Way: String, Sendable, Hashable {
        /// By the label that implementations put on the pods that they run for a gateway (GEP-1762).
        case label
        /// By an address or name of the gateway's status, which is a service's.
        case service
        /// By the gateway's own selector (Istio).
        case selector
    }

    /// By namespace and name; finished ones are left out.
    public var pods: [Pod]
    /// `nil`: none was found.
    public var way: Way?
    /// In words: which label, which service.
    public var detail: String

    init(_ pods: [Pod], _ way: Way?, _ detail: String) {
        self.pods = pods.filter { !$0.isFinished }.sorted { ($0.namespace, $0.name) < ($1.namespace, $1.name) }
        self.way = self.pods.isEmpty ? nil : way
        self.detail = detail
    }

    public init(of gateway: GatewayObject, in snapshot: ClusterSnapshot) {
        switch gateway.api {
        case .istio: self = Self.bySelector(gateway, snapshot)
        case .gatewayAPI:
            let labelled = Self.labelled(gateway.name, namespace: gateway.namespace, snapshot)
            self = labelled.way == nil ? Self.byService(gateway, snapshot) ?? labelled : labelled
        }
    }

    /// Pods with the label of a gateway of that name.
    static func labelled(_ name: String, namespace: String, _ snapshot: ClusterSnapshot) -> GatewayPods {
        let pods = snapshot.pods.filter { $0.namespace == namespace && $0.metadata.labels[GatewayObject.nameLabel] == name }
        return GatewayPods(pods, .label, "label \(GatewayObject.nameLabel)=\(name) in namespace \(namespace)")
    }

    /// Istio looks for a gateway's pods in all namespaces unless it is told to keep to the gateway's own
    /// (PILOT_SCOPE_GATEWAY_TO_NAMESPACE).
    private static func bySelector(_ gateway: GatewayObject, _ snapshot: ClusterSnapshot) -> GatewayPods {
        guard !gateway.selector.isEmpty else { return GatewayPods([], nil, "it has no selector") }
        let labels = gateway.selector.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
        let pods = snapshot.pods.filter { pod in gateway.selector.allSatisfy { pod.metadata.labels[$0.key] == $0.value } }
        return GatewayPods(pods, .selector, "selector \(labels)")
    }

    private static func byService(_ gateway: GatewayObject, _ snapshot: ClusterSnapshot) -> GatewayPods? {
        let names = gateway.hostNames.compactMap(MeshHost.service)
        let service = snapshot.services.first { service in
            service.selector != nil
                && (service.addresses.contains(where: gateway.addresses.contains)
                    || names.contains { $0 == (service.metadata.namespace ?? "default", service.metadata.name) })
        }
        return service.map {
            GatewayPods(pods(of: $0, snapshot), .service, "service \($0.metadata.namespace ?? "default")/\($0.metadata.name)")
        }
    }

    /// Pods that a service selects, finished ones left out.
    static func pods(of service: Service, _ snapshot: ClusterSnapshot) -> [Pod] {
        guard let selector = service.selector else { return [] }
        return snapshot.pods.filter { pod in
            pod.namespace == service.metadata.namespace ?? "default" && !pod.isFinished
                && selector.allSatisfy { pod.metadata.labels[$0.key] == $0.value }
        }.sorted { $0.name < $1.name }
    }
}

extension ClusterSnapshot {
    /// The gateway that a pod serves; its proxy is no sidecar.
    func gateway(servedBy pod: Pod) -> ObjectReference? {
        if let name = pod.metadata.labels[GatewayObject.nameLabel] {
            return ObjectReference(kind: "Gateway", namespace: pod.namespace, name: name)
        }
        return mesh.gateways.filter { gateway in
            gateway.api == .istio && !gateway.selector.isEmpty
                && gateway.selector.allSatisfy { pod.metadata.labels[$0.key] == $0.value }
        }.map(\.reference).min()
    }
}
