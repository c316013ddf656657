import EgressModel

/// What was read of a cluster, by collection.
struct ClusterTables: Sendable {
    private var nodes = ObjectTable<Node>()
    private var namespaces = ObjectTable<Namespace>()
    private var pods = ObjectTable<Pod>()
    private var services = ObjectTable<Service>()
    private var policies = ObjectTable<PolicyObject>()
    private var egressNodes = ObjectTable<EgressNode>()
    private var ownEgressNode = ObjectTable<EgressNode>()
    private var leases = ObjectTable<String>()
    private var configuration: [ClusterSlot: ObjectTable<ConfigurationFacts>] = [:]
    private var mesh: [ClusterSlot: ObjectTable<MeshObject>] = [:]
    private var notes: [ClusterSlot: SlotNotes] = [:]
    /// Made when it is asked for, and kept until something under it changes.
    private var mergedEgressNodes: [EgressNode]?
    private var configurationFacts: [ConfigurationFacts]?

    /// What is wrong with objects of a collection.
    private struct SlotNotes: Sendable, Hashable {
        var findings: [ObjectKey: [Finding]] = [:]
        var unreadable: Set<ObjectKey> = []

        var isEmpty: Bool { findings.isEmpty && unreadable.isEmpty }
    }

    var nodeCount: Int { nodes.values.count }

    func node(_ name: String) -> Node? { nodes[ObjectKey(name: name)] }

    func ownEgressNode(_ name: String) -> EgressNode? { ownEgressNode[ObjectKey(name: name)] }

    func policy(_ name: String) -> PolicyObject? { policies[ObjectKey(name: name)] }
}

extension ClusterTables {
    /// Takes an object in. Whether a reader may care.
    mutating func take(_ item: DecodedItem, in slot: ClusterSlot) -> Bool {
        let isValueChanged: Bool
        switch item.content {
        case .node(let node): isValueChanged = nodes.set(node, for: item.key)
        case .namespace(let namespace): isValueChanged = namespaces.set(namespace, for: item.key)
        case .pod(let pod): isValueChanged = pods.set(pod, for: item.key)
        case .service(let service): isValueChanged = services.set(service, for: item.key)
        case .policy(let policy): isValueChanged = policies.set(policy, for: item.key)
        case .egressNode(let node): isValueChanged = setEgressNode(node, for: item.key, in: slot)
        case .lease(let renewed): isValueChanged = setLease(renewed, for: item.key)
        case .configuration(let facts): isValueChanged = setFacts(facts, for: item.key, in: slot)
        case .mesh(let object): isValueChanged = mesh[slot, default: ObjectTable()].set(object, for: item.key)
        case .unreadable: isValueChanged = removeValue(item.key, in: slot)
        }
        // A policy carries its findings itself.
        var findings = item.findings
        if case .policy = item.content { findings = [] }
        var isUnreadable = false
        if case .unreadable = item.content { isUnreadable = true }
        return note(findings, isUnreadable: isUnreadable, of: item.key, in: slot) || isValueChanged
    }

    mutating func remove(_ key: ObjectKey, in slot: ClusterSlot) -> Bool {
        let isValueChanged = removeValue(key, in: slot)
        return note([], isUnreadable: false, of: key, in: slot) || isValueChanged
    }

    /// Keeps what is wrong with an object. Whether that is news.
    private mutating func note(_ findings: [Finding], isUnreadable: Bool, of key: ObjectKey, in slot: ClusterSlot) -> Bool {
        guard notes[slot] != nil || isUnreadable || !findings.isEmpty else { return false }
        var isChanged = (notes[slot]?.findings[key] ?? []) != findings
        notes[slot, default: SlotNotes()].findings[key] = findings.isEmpty ? nil : findings
        if isUnreadable {
            isChanged = notes[slot, default: SlotNotes()].unreadable.insert(key).inserted || isChanged
        } else {
            isChanged = notes[slot]?.unreadable.remove(key) != nil || isChanged
        }
        if notes[slot]?.isEmpty == true { notes[slot] = nil }
        return isChanged
    }

    /// Takes a collection over whole from tables that hold no other.
    mutating func replace(_ slot: ClusterSlot, from other: ClusterTables) -> Bool {
        var isChanged = notes[slot] != other.notes[slot]
        notes[slot] = other.notes[slot]
        switch slot {
        case .nodes: isChanged = swap(&nodes, other.nodes) || isChanged
        case .namespaces: isChanged = swap(&namespaces, other.namespaces) || isChanged
        case .pods: isChanged = swap(&pods, other.pods) || isChanged
        case .services: isChanged = swap(&services, other.services) || isChanged
        case .policies: isChanged = swap(&policies, other.policies) || isChanged
        case .egressNodes:
            isChanged = swap(&egressNodes, other.egressNodes) || isChanged
            mergedEgressNodes = nil
        case .ownEgressNode:
            isChanged = swap(&ownEgressNode, other.ownEgressNode) || isChanged
            mergedEgressNodes = nil
        case .leases:
            isChanged = swap(&leases, other.leases) || isChanged
            mergedEgressNodes = nil
        case .ranges:
            isChanged = swap(&configuration[slot, default: ObjectTable()], other.configuration[slot] ?? ObjectTable()) || isChanged
            configurationFacts = nil
        case .mesh: isChanged = swap(&mesh[slot, default: ObjectTable()], other.mesh[slot] ?? ObjectTable()) || isChanged
        }
        return isChanged
    }

    func isEmpty(_ slot: ClusterSlot) -> Bool {
        switch slot {
        case .nodes: nodes.isEmpty
        case .namespaces: namespaces.isEmpty
        case .pods: pods.isEmpty
        case .services: services.isEmpty
        case .policies: policies.isEmpty
        case .egressNodes: egressNodes.isEmpty
        case .ownEgressNode: ownEgressNode.isEmpty
        case .leases: leases.isEmpty
        case .ranges: configuration[slot]?.isEmpty ?? true
        case .mesh: mesh[slot]?.isEmpty ?? true
        }
    }

    private func swap<Value>(_ table: inout ObjectTable<Value>, _ other: ObjectTable<Value>) -> Bool {
        if table.holdsSame(as: other) { return false }
        table = other
        return true
    }

    private mutating func removeValue(_ key: ObjectKey, in slot: ClusterSlot) -> Bool {
        switch slot {
        case .nodes: return nodes.remove(key)
        case .namespaces: return namespaces.remove(key)
        case .pods: return pods.remove(key)
        case .services: return services.remove(key)
        case .policies: return policies.remove(key)
        case .egressNodes:
            mergedEgressNodes = nil
            return egressNodes.remove(key)
        case .ownEgressNode:
            mergedEgressNodes = nil
            return ownEgressNode.remove(key)
        case .leases:
            mergedEgressNodes = nil
            return leases.remove(key)
        case .ranges:
            configurationFacts = nil
            return configuration[slot]?.remove(key) ?? false
        case .mesh: return mesh[slot]?.remove(key) ?? false
        }
    }
}

extension ClusterTables {
    private mutating func setEgressNode(_ node: EgressNode, for key: ObjectKey, in slot: ClusterSlot) -> Bool {
        let isChanged = slot == .ownEgressNode ? ownEgressNode.set(node, for: key) : egressNodes.set(node, for: key)
        if isChanged { mergedEgressNodes = nil }
        return isChanged
    }

    private mutating func setFacts(_ facts: ConfigurationFacts, for key: ObjectKey, in slot: ClusterSlot) -> Bool {
        let isChanged = configuration[slot, default: ObjectTable()].set(facts, for: key)
        if isChanged { configurationFacts = nil }
        return isChanged
    }

    /// A heartbeat matters to a reader only when the node was, or was about to be, taken for silent: else each gateway
    /// would wake every agent each ten seconds.
    private mutating func setLease(_ renewed: String, for key: ObjectKey) -> Bool {
        let old = leases[key].flatMap(RFC3339.seconds)
        guard leases.set(renewed, for: key) else { return false }
        if mergedEgressNodes != nil, let position = mergedEgressNodes?.firstIndex(where: { $0.name == key.name }) {
            mergedEgressNodes?[position].setReported(renewed)
        }
        guard let old, let new = RFC3339.seconds(renewed) else { return true }
        return new - old >= Self.noticedSilence
    }

    /// When a gateway's Lease was renewed, as far as it is followed.
    func heartbeat(of node: String) -> Int64? {
        leases[ObjectKey(namespace: EgressObjects.namespace, name: node)].flatMap(RFC3339.seconds)
    }

    /// Seconds without a heartbeat after which the next one is a change.
    private static let noticedSilence: Int64 = 30

    /// Each with the later of its own time and its Lease's.
    private mutating func egressNodesWithHeartbeats() -> [EgressNode] {
        if let mergedEgressNodes { return mergedEgressNodes }
        var merged = egressNodes.values.filter { ownEgressNode[ObjectKey(name: $0.name)] == nil } + ownEgressNode.values
        for index in merged.indices {
            if let renewed = leases[ObjectKey(namespace: EgressObjects.namespace, name: merged[index].name)] {
                merged[index].setReported(renewed)
            }
        }
        mergedEgressNodes = merged
        return merged
    }

    /// In an order that stays, as what comes first is shown first.
    private mutating func facts() -> [ConfigurationFacts] {
        if let configurationFacts { return configurationFacts }
        let tables = configuration.sorted { "\($0.key)" < "\($1.key)" }
        let facts = tables.flatMap { $1.values.sorted { ($0.ranges.first?.source ?? "") < ($1.ranges.first?.source ?? "") } }
        configurationFacts = facts
        return facts
    }

    /// What a reader gets; whether collections were read whole is said elsewhere.
    mutating func snapshot() -> ClusterSnapshot {
        var snapshot = ClusterSnapshot(
            nodes: nodes.values, namespaces: namespaces.values, pods: pods.values, services: services.values, policies: policies.values,
            egressNodes: egressNodesWithHeartbeats(), findings: notes.values.flatMap { $0.findings.values.joined() },
            isComplete: notes.values.allSatisfy(\.unreadable.isEmpty))
        for facts in facts() { snapshot.add(facts) }
        for object in mesh.values.flatMap(\.values) { snapshot.mesh.add(object) }
        return snapshot
    }
}

extension EgressNode {
    /// Later times alone count.
    fileprivate mutating func setReported(_ time: String) {
        if reportedAt.map({ $0 < time }) ?? true { reportedAt = time }
    }
}
