import EgressModel
import EgressPlan
import EgressPolicy

/// What a node's datapath does with a packet, as a few lines over a ``DatapathState``: the programs' order of lookups,
/// without connections.
struct PacketModel {
    enum Verdict: Hashable {
        /// The ordinary way, as without us.
        case direct
        case drop
        /// By a gateway; the egress address where this node is the gateway.
        case out(entry: UInt32, gateway: IPAddress, egress: IPAddress?)
    }

    let state: DatapathState
    /// Gateways that the node has found to be unreachable, whatever the plan says.
    var dead: Set<IPAddress> = []

    /// A packet that a pod sends.
    func fromPod(_ interface: Int, _ source: IPAddress, to destination: IPAddress) -> Verdict {
        guard state.attachments.contains(Attachment(program: .pod, interfaceIndex: interface)) else { return straight(source, destination) }
        guard let record = state.pods[interface], record.ipv4 == source || record.ipv6 == source else { return .drop }
        if isInside(destination) || record.mode == .record { return straight(source, destination) }
        guard let rule = rule(record.set, destination) else { return straight(source, destination) }
        switch rule.action {
        case .exclude: return straight(source, destination)
        case .drop: return .drop
        case .gateway: return choose(interface, rule.policy, source, destination)
        }
    }

    /// A packet that another node's pod sent through the tunnel.
    func fromTunnel(_ entry: UInt32, from node: IPAddress, _ source: IPAddress, to destination: IPAddress, tunnel: Int) -> Verdict {
        guard state.attachments.contains(Attachment(program: .tunnel, interfaceIndex: tunnel)), !state.settings.tokens.isEmpty,
            let sender = state.nodes[node], sender.podNetwork?.contains(source) ?? true
        else { return .drop }
        return translate(entry, node, source, destination)
    }

    private func choose(_ interface: Int, _ policy: UInt32, _ source: IPAddress, _ destination: IPAddress) -> Verdict {
        guard let choice = state.choices[ChoiceKey(interfaceIndex: interface, policy: policy)] else { return .drop }
        guard let best = choice.ranked.first(where: { state.gateways[$0.gateway]?.isHealthy ?? false && !dead.contains($0.gateway) }) else {
            return choice.onNoGateway == .bypass ? straight(source, destination) : .drop
        }
        if state.gateways[best.gateway]?.place == .local { return translate(best.entry, best.gateway, source, destination) }
        guard state.settings.tunnelIndex != 0, state.settings.nodeAddress != nil, !state.settings.tokens.isEmpty else { return .drop }
        return .out(entry: best.entry, gateway: best.gateway, egress: nil)
    }

    private func translate(_ id: UInt32, _ gateway: IPAddress, _ source: IPAddress, _ destination: IPAddress) -> Verdict {
        guard !isInside(destination), let entry = state.entries[id], rule(entry.set, destination)?.action == .gateway else { return .drop }
        return .out(entry: id, gateway: gateway, egress: EgressAddressChoice.address(for: source, of: entry.egressIPv4))
    }

    private func straight(_ source: IPAddress, _ destination: IPAddress) -> Verdict {
        state.netfilter.guarded.contains { $0.sources.contains(source) && $0.claimed.contains { $0.contains(destination) } }
            ? .drop : .direct
    }

    private func isInside(_ destination: IPAddress) -> Bool { state.cluster.keys.contains { $0.contains(destination) } }

    private func rule(_ set: UInt32, _ destination: IPAddress) -> SetRule? {
        var longest: SetRule?
        for rule in state.sets[set] ?? [] where rule.prefix.contains(destination) && rule.prefix.length > longest?.prefix.length ?? -1 {
            longest = rule
        }
        return longest
    }
}

extension DatapathState {
    /// One operation, as the kernel does it.
    mutating func apply(_ operation: DatapathOperation) {
        switch operation {
        case .attach(let attachment): attachments.insert(attachment)
        case .detach(let attachment): attachments.remove(attachment)
        case .setSettings(let value): settings = value
        case .setNetfilter(let value): netfilter = value
        case .setPod(let index, let record): pods[index] = record
        case .removePod(let index): pods[index] = nil
        case .addRule(let set, let rule):
            sets[set] = (sets[set] ?? []).filter { $0.prefix != rule.prefix }.union([rule])
        case .removeRule(let set, let rule):
            sets[set] = (sets[set] ?? []).filter { $0.prefix != rule.prefix }
            if sets[set]?.isEmpty ?? false { sets[set] = nil }
        case .setPolicy(let slot, let uid): policies[slot] = uid
        case .removePolicy(let slot): policies[slot] = nil
        case .setChoice(let key, let choice): choices[key] = choice
        case .removeChoice(let key): choices[key] = nil
        case .setGateway(let address, let record): gateways[address] = record
        case .removeGateway(let address): gateways[address] = nil
        case .setNode(let address, let record): nodes[address] = record
        case .removeNode(let address): nodes[address] = nil
        case .setClusterRange(let prefix, let kind): cluster[prefix] = kind
        case .removeClusterRange(let prefix): cluster[prefix] = nil
        case .setEntry(let id, let record): entries[id] = record
        case .removeEntry(let id): entries[id] = nil
        case .setEgressAddress(let address, let record): egressAddresses[address] = record
        case .removeEgressAddress(let address): egressAddresses[address] = nil
        case .addAddress(let claimed): claimedAddresses.insert(claimed)
        case .removeAddress(let claimed): claimedAddresses.remove(claimed)
        case .forgetFlows, .forgetTranslations, .keepOpenConnections, .setExempt, .forgetExempt, .keepRecordedConnections: break
        }
    }
}
