public import EgressModel

/// Which connections somebody wants to see; every part that is given must fit.
public struct ConnectionFilter: Sendable, Hashable {
    public var namespace: String?
    /// The pod's name; its namespace is the one above.
    public var pod: String?
    /// The pod's addresses: a gateway knows a pod of another node by these alone.
    public var podAddresses: [IPAddress]
    /// Name of the policy.
    public var policy: String?
    public var egressIP: IPAddress?
    public var remote: IPPrefix?
    public var remotePort: UInt16?

    public init(
        namespace: String? = nil, pod: String? = nil, podAddresses: [IPAddress] = [], policy: String? = nil, egressIP: IPAddress? = nil,
        remote: IPPrefix? = nil, remotePort: UInt16? = nil
    ) {
        self.namespace = namespace
        self.pod = pod
        self.podAddresses = podAddresses
        self.policy = policy
        self.egressIP = egressIP
        self.remote = remote
        self.remotePort = remotePort
    }

    public func fits(_ event: FlowEvent) -> Bool {
        fits(pod: event.pod, source: event.source, remote: event.remote, egress: event.egress, policy: event.policy)
    }

    public func fits(_ translation: Translation) -> Bool {
        fits(
            pod: translation.pod, source: translation.source, remote: translation.remote, egress: translation.egress,
            policy: translation.policy)
    }

    private func fits(pod known: ObjectReference?, source: Endpoint?, remote end: Endpoint?, egress: Endpoint?, policy name: String?)
        -> Bool
    {
        guard fitsPod(known, source) else { return false }
        if let policy, policy != name { return false }
        if let egressIP, egressIP != egress?.address { return false }
        if let remotePort, remotePort != end?.port { return false }
        guard let remote else { return true }
        return end.map { remote.contains($0.address) } ?? false
    }

    private func fitsPod(_ known: ObjectReference?, _ source: Endpoint?) -> Bool {
        guard namespace != nil || pod != nil else { return true }
        if let known {
            return (namespace == nil || namespace == known.namespace) && (pod == nil || pod == known.name)
        }
        return source.map { podAddresses.contains($0.address) } ?? false
    }
}

/// What `flows.watch` is asked for.
public struct FlowQuery: Sendable, Hashable {
    public var filter: ConnectionFilter
    public var kinds: Set<FlowEvent.Kind>

    public init(filter: ConnectionFilter = ConnectionFilter(), kinds: Set<FlowEvent.Kind> = Set(FlowEvent.Kind.allCases)) {
        self.filter = filter
        self.kinds = kinds
    }

    public func fits(_ event: FlowEvent) -> Bool { kinds.contains(event.kind) && filter.fits(event) }
}
