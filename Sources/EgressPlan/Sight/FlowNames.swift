public import EgressModel

/// Names for the datapath's numbers, of the plan in force and of what the maps hold.
public struct FlowNames: Sendable, Hashable {
    public var node: String
    /// By interface index.
    public var pods: [Int: ObjectReference]
    /// Name and UID, by slot.
    public var policies: [UInt32: PolicyName]
    /// Slots of policies, by the id of the entry that this node gave out.
    public var entries: [UInt32: UInt32]
    /// By tunnel address.
    public var nodes: [IPAddress: String]

    public struct PolicyName: Sendable, Hashable {
        public var name: String
        public var uid: String

        public init(name: String, uid: String) {
            self.name = name
            self.uid = uid
        }
    }

    public init(node: String) {
        self.node = node
        (pods, policies, entries, nodes) = ([:], [:], [:], [:])
    }

    public init(_ plan: NodePlan, _ state: DatapathState) {
        self.init(node: plan.node)
        let named = Dictionary(plan.policies.map { ($0.accepted.metadata.uid, $0.accepted.metadata.name) }) { first, _ in first }
        policies = state.policies.mapValues { PolicyName(name: named[$0] ?? $0, uid: $0) }
        entries = state.entries.mapValues(\.policy)
        nodes = Dictionary(plan.peers.map { ($0.address, $0.name) }) { first, _ in first }
        if let own = plan.tunnel.address { nodes[own] = plan.node }
        var byAddress: [IPAddress: ObjectReference] = [:]
        for pod in plan.pods {
            for address in pod.addresses { byAddress[address] = ObjectReference(kind: "Pod", namespace: pod.namespace, name: pod.name) }
        }
        for (index, record) in state.pods {
            pods[index] = [record.ipv4, record.ipv6].lazy.compactMap(\.self).compactMap { byAddress[$0] }.first
        }
    }

    public func policy(slot: UInt32, entry: UInt32 = 0) -> String? {
        policies[slot]?.name ?? entries[entry].flatMap { policies[$0]?.name }
    }

    /// The interface of a pod of this node.
    public func interface(namespace: String, pod: String) -> Int? {
        pods.first { $0.value.namespace == namespace && $0.value.name == pod }?.key
    }

    /// The tunnel address of a node.
    public func address(ofNode name: String) -> IPAddress? { nodes.first { $0.value == name }?.key }
}

extension FlowEvent {
    /// An event with names in place of the datapath's numbers.
    public init(_ event: DatapathEvent, _ names: FlowNames) {
        let isOurs = event.interfaceIndex != 0
        let peer = event.peer.flatMap { names.nodes[$0] ?? $0.description }
        self.init(
            time: event.time, kind: event.kind, transport: event.transport, pod: names.pods[event.interfaceIndex], source: event.source,
            remote: event.remote, egress: event.egress, policy: names.policy(slot: event.policy, entry: event.entry),
            podNode: isOurs ? names.node : peer, gatewayNode: isOurs ? (event.egress == nil ? peer : names.node) : names.node,
            code: event.kind == .dropped ? .drop(Int(event.reason)) : nil)
    }
}
