import EgressModel
import EgressPolicy

/// What the node serves as a gateway: the entries that it announced, as long as their policy is in force and it still
/// matches. Chosen or not makes no difference.
func plannedEntries(_ name: String, _ effective: EffectivePolicy) -> [PlannedEntry] {
    guard let report = effective.egressNodes.first(where: { $0.name == name }) else { return [] }
    let node = effective.nodes.first { $0.name == name }
    let own = Set((node?.internalAddresses ?? []) + (node?.externalAddresses ?? []))
    let announcements = report.resolutionsByEntry
    var seen: Set<UInt32> = []
    let entries = effective.policies.flatMap { resolved in
        resolved.entries.compactMap { entry -> PlannedEntry? in
            guard entry.candidates.contains(where: { $0.node == name }),
                let announced = announcements.resolution(of: resolved.policy, entry: entry.entry),
                (1...EntryAnnouncement.highestID).contains(announced.id), !(announced.ipv4 + announced.ipv6).isEmpty,
                seen.insert(announced.id).inserted
            else { return nil }
            return planned(announced, resolved.policy, own)
        }
    }
    return entries.sorted { ($0.policyName, $0.policyUID, $0.entry) < ($1.policyName, $1.policyUID, $1.entry) }
}

/// What policies name for the node by an address, whether or not the node has it yet. A node's own is used by its sockets too.
func awaitedAddresses(_ name: String, _ effective: EffectivePolicy) -> [IPAddress] {
    let own = Set(effective.nodes.flatMap { $0.internalAddresses + $0.externalAddresses })
    let named = effective.policies.flatMap { resolved in
        resolved.entries.compactMap { entry -> IPAddress? in
            guard entry.candidates.contains(where: { $0.node == name }), resolved.policy.strategy == nil,
                resolved.policy.gateways.indices.contains(entry.entry),
                case .address(let address) = resolved.policy.gateways[entry.entry].source
            else { return nil }
            return address
        }
    }
    return Set(named).subtracting(own).sorted()
}

private func planned(_ announced: EntryResolution, _ policy: EgressGatewayPolicy, _ own: Set<IPAddress>) -> PlannedEntry? {
    guard policy.gateways.indices.contains(announced.entry) else { return nil }
    var interface: String?
    let addresses = Set(announced.ipv4 + announced.ipv6)
    var shared = addresses.intersection(own)
    switch policy.gateways[announced.entry].source {
    case _ where policy.strategy != nil:
        interface = announced.interface
    case .address:
        break
    case .interface:
        interface = announced.interface
        shared = addresses
    case .defaultRoute:
        shared = addresses
    }
    return PlannedEntry(
        policyUID: policy.metadata.uid, policyName: policy.name, entry: announced.entry, id: announced.id, ipv4: announced.ipv4,
        ipv6: announced.ipv6, interface: interface, claims: announced.strategy?.claims ?? false, sharedAddresses: shared.sorted(),
        destinations: policy.destinationCIDRs.sorted(),
        exclusions: policy.excludedCIDRs.sorted())
}
