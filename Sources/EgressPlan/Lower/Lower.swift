public import EgressModel
import EgressPolicy

/// A plan as what this node's kernel should hold.
///
/// `previous` is what it holds now: numbers in use there keep their meaning, so that ``difference(from:to:)`` can go from
/// one to the other without a moment in which a packet meets a mixture. A node with no pods and no entries, and no
/// address to wait for, holds nothing.
///
/// `stackMark`: by which the stack is told to lead packets to the tunnel device.
///
/// `inUse`: by entry, the addresses that its living translations have; what an entry drains and nothing uses is over. `nil`:
/// nobody looked.
public func lower(
    _ plan: NodePlan, facts: HostFacts, tunnel: TunnelDevice, previous: DatapathState, limits: ConnectionLimits = .standard,
    stackMark: UInt32 = SteeringMark.standard, inUse: [UInt32: Set<IPAddress>]? = nil
) -> Lowering {
    var work = LoweringWork(plan, facts, tunnel, previous, limits, stackMark)
    guard !plan.pods.isEmpty || !plan.entries.isEmpty || !plan.awaited.isEmpty else { return Lowering(state: work.state, notGoverned: []) }
    work.addPods()
    work.addEntries(inUse)
    work.addSurroundings()
    return Lowering(state: work.state, notGoverned: work.notGoverned.sorted(), pods: work.pods)
}

private struct LoweringWork {
    let plan: NodePlan
    let facts: HostFacts
    let tunnel: TunnelDevice
    let previous: DatapathState
    private var sets: SetNumbers
    private var slots: PolicySlots
    private(set) var state = DatapathState()
    private(set) var notGoverned: [ObjectReference] = []
    private(set) var pods: [Int: PlannedPod] = [:]

    init(
        _ plan: NodePlan, _ facts: HostFacts, _ tunnel: TunnelDevice, _ previous: DatapathState, _ limits: ConnectionLimits,
        _ stackMark: UInt32
    ) {
        self.plan = plan
        self.facts = facts
        self.tunnel = tunnel
        self.previous = previous
        sets = SetNumbers(previous: previous)
        slots = PolicySlots(previous: previous)
        state.settings = DatapathSettings(
            tunnelIndex: tunnel.index, nodeAddress: plan.tunnel.address,
            tunnelMTU: tunnel.innerMTU(under: plan.tunnel.address?.family ?? .ipv4), limits: limits, stackMark: stackMark,
            tokens: Array(plan.tunnel.tokens.prefix(2)),
            hops: Self.hops(plan, Uplinks(plan, facts).interfaces(tunnel: tunnel)))
    }

    /// The tunnel's address, and of the other family one of an uplink that is no entry's.
    private static func hops(_ plan: NodePlan, _ uplinks: [NetworkInterface]) -> [IPAddress] {
        let taken = Set(plan.entries.flatMap { $0.ipv4 + $0.ipv6 })
        let own = uplinks.flatMap(\.addresses).map(\.address).filter { $0.isGlobal && !taken.contains($0) }
        return [plan.tunnel.address].compactMap(\.self) + own
    }

    // MARK: Pods

    mutating func addPods() {
        var devices = podDevices()
        for pod in plan.pods {
            let holder = pod.addresses.lazy.compactMap { devices[$0] }.first
            guard let device = holder, plan.sets.indices.contains(pod.set), state.pods[device.index] == nil else {
                notGoverned.append(ObjectReference(kind: "Pod", namespace: pod.namespace, name: pod.name))
                continue
            }
            for address in device.addresses { devices[address] = nil }
            add(pod, device)
        }
    }

    /// By each address of the pod's end; of two devices with one address the lower index counts.
    private func podDevices() -> [IPAddress: PodDevice] {
        let pairs = facts.podDevices.sorted { $0.index < $1.index }.flatMap { device in device.addresses.map { ($0, device) } }
        return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
    }

    private mutating func add(_ pod: PlannedPod, _ device: PodDevice) {
        pods[device.index] = pod
        let rules = Set(
            plan.sets[pod.set].map { rule in
                SetRule(prefix: rule.prefix, action: Self.action(rule), policy: slots.slot(of: rule.policyUID))
            })
        state.pods[device.index] = PodRecord(
            ipv4: pod.addresses.first { $0.family == .ipv4 }, ipv6: pod.addresses.first { $0.family == .ipv6 },
            set: sets.number(of: rules), deliverIndex: device.deliverIndex ?? device.index,
            steering: facts.steering.default)
        state.attachments.formUnion([
            Attachment(program: .pod, interfaceIndex: device.index), Attachment(program: .podIn, interfaceIndex: device.index),
        ])
        for choice in pod.choices {
            let ranked = choice.ranked.filter { $0.address.family == plan.tunnel.address?.family }.prefix(8)
            let key = ChoiceKey(interfaceIndex: device.index, policy: slots.slot(of: choice.policyUID), family: choice.family)
            state.choices[key] = GatewayChoice(
                onNoGateway: choice.onNoGateway,
                ranked: ranked.map { GatewayChoice.Ranked(entry: $0.entryID, gateway: $0.address, egress: $0.egress) })
            for gateway in ranked {
                let place: GatewayRecord.Place = gateway.address == plan.tunnel.address ? .local : .remote
                state.gateways[gateway.address] = GatewayRecord(place: place)
            }
        }
    }

    private static func action(_ rule: PlannedRule) -> SetRule.Action {
        switch rule.action {
        case .gateway: .gateway
        case .exclude: .exclude
        case .drop: .drop(DropReason.number(rule.code))
        }
    }

    // MARK: Entries

    mutating func addEntries(_ inUse: [UInt32: Set<IPAddress>]?) {
        let shared = Set(plan.entries.flatMap(\.sharedAddresses))
        for entry in plan.entries {
            let addresses = EgressAddressChoice.usable(entry.ipv4) + EgressAddressChoice.usable(entry.ipv6)
            guard !addresses.isEmpty else { continue }
            var interface: Int?
            if let name = entry.interface {
                // Leaving by any other interface than the named one would be by a route that the policy ruled out.
                guard let found = facts.interfaces.first(where: { $0.facts.name == name }) else { continue }
                interface = found.facts.index
            }
            add(entry, addresses, interface, shared: shared.intersection(addresses))
        }
        let served = plan.entries.filter { state.entries[$0.id] != nil }
        state.claimedAddresses = ClaimedAddresses(entries: served, facts: facts, previous: previous.claimedAddresses).wanted()
        DrainingAddresses(facts: facts, previous: previous, inUse: inUse).add(to: &state)
    }

    /// `shared`: those of the addresses that are the node's own. One of them, and the entry keeps to the ports that are reserved
    /// from the node's sockets, as it has one slice for all.
    private mutating func add(_ entry: PlannedEntry, _ addresses: [IPAddress], _ interface: Int?, shared: Set<IPAddress>) {
        let slot = slots.slot(of: entry.policyUID)
        let excluded = Set(entry.exclusions)
        let rules = Set(
            entry.destinations.filter { !excluded.contains($0) }.map { SetRule(prefix: $0, action: .gateway, policy: slot) }
                + entry.exclusions.map { SetRule(prefix: $0, action: .exclude, policy: slot) })
        // Without a destination it serves nothing, and a set without rules has no place in the kernel.
        guard rules.contains(where: { $0.action == .gateway }) else { return }
        state.entries[entry.id] = EntryRecord(
            egressIPv4: addresses.filter { $0.family == .ipv4 }, egressIPv6: addresses.filter { $0.family == .ipv6 },
            set: sets.number(of: rules), interfaceIndex: interface, policy: slot,
            keptPorts: shared.isEmpty ? SourcePorts.dedicated : SourcePorts.shared,
            portSlice: shared.isEmpty ? SourcePorts.dedicatedSlice : SourcePorts.shared, isShared: !shared.isEmpty)
        for address in addresses { state.egressAddresses[address] = EgressAddressRecord(isShared: shared.contains(address)) }
    }

    // MARK: What both need

    mutating func addSurroundings() {
        state.sets = sets.sets
        state.policies = slots.policies
        // The datapath knows no difference: what may be the pods' is left alone as what is.
        for range in plan.cluster { state.cluster[range.prefix] = range.kind == .assumed ? .pod : range.kind }
        for peer in plan.peers where peer.address.family == plan.tunnel.address?.family {
            state.nodes[peer.address] = NodeRecord(
                podNetwork: peer.podCIDRs.first { $0.family == .ipv4 }, podNetwork6: peer.podCIDRs.first { $0.family == .ipv6 })
        }
        let uplinks = Uplinks(plan, facts).interfaces(tunnel: tunnel)
        state.attachments.insert(Attachment(program: .tunnel, interfaceIndex: tunnel.index))
        if !state.entries.isEmpty {
            state.attachments.formUnion(uplinks.map { Attachment(program: .uplink, interfaceIndex: $0.index) })
        }
        // The guard of pods whose packets may pass netfilter by, and others' use of an address that is the node's own.
        if !facts.devicesOfOthers.isDisjoint(with: state.pods.keys) || state.egressAddresses.values.contains(where: \.isShared) {
            state.attachments.formUnion(uplinks.map { Attachment(program: .uplinkOut, interfaceIndex: $0.index) })
        }
        if isStackUsed { state.attachments.insert(Attachment(program: .stack, interfaceIndex: tunnel.index)) }
        state.netfilter = NetfilterRules(
            tunnelPort: plan.tunnel.port, guarded: Guard(plan: plan).sources(), uplinks: uplinks.map(\.name).sorted(),
            stackMark: isStackUsed ? state.settings.stackMark : nil,
            dedicated: dedicatedAddresses,
            shared: state.egressAddresses.filter(\.value.isShared).keys.sorted())
    }

    /// Those that no socket of the node has, served here or yet to come.
    private var dedicatedAddresses: [IPAddress] {
        let (served, awaited) = (state.egressAddresses, plan.awaited.filter { state.egressAddresses[$0] == nil })
        return (served.filter { !$0.value.isShared }.keys + awaited).sorted()
    }

    /// Also for as long as the kernel's records have it: what was marked before they flip is still on its way afterwards.
    private var isStackUsed: Bool {
        state.pods.values.contains { $0.steering == .stack } || previous.pods.values.contains { $0.steering == .stack }
    }
}
