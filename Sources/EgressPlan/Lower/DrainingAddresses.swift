import EgressModel

/// Which addresses entries drain: what they lost, for as long as it is this node's and translations live by it.
///
/// A translation never changes its address in its middle, so one whose address its entry lost goes on with it, and answers
/// still find it. That isn't possible once another node may have the address: what isn't on an interface here, or is about to
/// be taken off one, isn't drained.
struct DrainingAddresses {
    let facts: HostFacts
    let previous: DatapathState
    /// By entry; `nil`: nobody looked.
    let inUse: [UInt32: Set<IPAddress>]?

    func add(to state: inout DatapathState) {
        let staying = staying(state)
        for (id, record) in state.entries.sorted(by: { $0.key < $1.key }) {
            guard let before = previous.entries[id], isSame(before, record) else { continue }
            let lost = before.heldAddresses.subtracting(record.egressAddresses).intersection(staying)
            let drained = record.draining(lost.filter { address in !before.draining.contains(address) || isUsed(address, by: id) })
            guard !drained.draining.isEmpty else { continue }
            state.entries[id] = drained
            for address in drained.draining where state.egressAddresses[address] == nil {
                state.egressAddresses[address] = previous.egressAddresses[address]
            }
        }
    }

    /// An id that came back is another entry's; and by another interface the address wouldn't leave where answers come.
    private func isSame(_ before: EntryRecord, _ record: EntryRecord) -> Bool {
        before.policy == record.policy && before.interfaceIndex == record.interfaceIndex
    }

    private func isUsed(_ address: IPAddress, by id: UInt32) -> Bool { inUse.map { $0[id]?.contains(address) ?? false } ?? true }

    /// On an interface now and afterwards, and known as an egress address.
    private func staying(_ state: DatapathState) -> Set<IPAddress> {
        let held = Set(facts.interfaces.flatMap { $0.facts.addresses.map(\.address) })
        let leaving = Set(previous.claimedAddresses.subtracting(state.claimedAddresses).map(\.address))
        return held.subtracting(leaving).intersection(previous.egressAddresses.keys)
    }
}
