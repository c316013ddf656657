import EgressModel

/// Which addresses of a plan have to be put on interfaces, and which of them we put there ourselves.
struct ClaimedAddresses {
    /// Entries that are served.
    let entries: [PlannedEntry]
    let facts: HostFacts
    /// What has our mark now.
    let previous: Set<ClaimedAddress>

    /// An address that its interface has without our mark was put there by somebody else: it is used as it is, and is
    /// never ours to take away.
    func wanted() -> Set<ClaimedAddress> {
        var wanted: Set<ClaimedAddress> = []
        for entry in entries where entry.claims {
            guard let name = entry.interface, let interface = facts.interfaces.first(where: { $0.facts.name == name }) else { continue }
            let held = Set(interface.facts.addresses.map(\.address))
            for address in entry.ipv4 + entry.ipv6 where address.isGlobal {
                let claimed = ClaimedAddress(address, interfaceIndex: interface.facts.index)
                if previous.contains(claimed) || !held.contains(address) { wanted.insert(claimed) }
            }
        }
        return wanted
    }
}
