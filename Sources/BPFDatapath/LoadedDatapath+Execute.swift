import CEgressABI
import EgressModel
import EgressPlan
import EgressPolicy

extension LoadedDatapath {
    /// One step; each is one write that packets see whole, and harmless when done twice.
    func execute(_ operation: DatapathOperation) throws {
        switch operation {
        case .attach(let attachment): try attachments.attach(attachment)
        case .detach(let attachment): try attachments.detach(attachment)
        case .setSettings(let settings): try setSettings(settings)
        case .setNetfilter: throw DatapathError("netfilter rules are not the datapath's", hint: "give them to HostNetworking")
        case .setPod(let index, let record): try setPod(index, record)
        case .removePod(let index): try removePod(index)
        case .addRule(let set, let rule): try addRule(set, rule)
        case .removeRule(let set, let rule): try removeRule(set, rule)
        case .setClusterRange(let prefix, let kind): try setClusterRange(prefix, kind)
        case .removeClusterRange(let prefix): try removeClusterRange(prefix)
        case .forgetFlows(let index): try forgetFlows(index)
        case .forgetTranslations(let entry): try forgetTranslations(entry)
        default: try executeSimple(operation)
        }
    }

    /// Steps that are one value under one key.
    private func executeSimple(_ operation: DatapathOperation) throws {
        switch operation {
        case .setPolicy(let slot, let uid): try tables.policies.set(slot, try PolicyUID.encoded(uid))
        case .removePolicy(let slot): try tables.policies.remove(slot)
        case .setChoice(let key, let choice): try tables.choices.set(try key.encoded(), try choice.encoded())
        case .removeChoice(let key): try tables.choices.remove(try key.encoded())
        case .setGateway(let address, let record): try tables.gateways.set(try address.wire4("gateway"), record.encoded())
        case .removeGateway(let address): try tables.gateways.remove(try address.wire4("gateway"))
        case .setNode(let address, let record): try tables.nodes.set(try address.wire4("node"), try record.encoded())
        case .removeNode(let address): try tables.nodes.remove(try address.wire4("node"))
        case .setEntry(let id, let record): try setEntry(id, record)
        case .removeEntry(let id): try tables.entries.remove(id)
        case .setEgressAddress(let address, let record):
            try tables.egressAddresses.set(try address.wire4("egress IP"), record.encoded())
        case .removeEgressAddress(let address): try tables.egressAddresses.remove(try address.wire4("egress IP"))
        default: throw DatapathError("the datapath has no such step: \(operation)")
        }
    }

    private func setSettings(_ settings: DatapathSettings) throws {
        let key = try tables.config.value(0)?.port_key ?? (0, 0)
        try tables.config.set(0, try settings.encoded(portKey: key))
    }

    private func setEntry(_ id: UInt32, _ record: EntryRecord) throws {
        guard (1...EGRESS_VNI_ENTRY_MASK).contains(id) else { throw DatapathError("entry id \(id) doesn't fit the tunnel's 22 bits") }
        try tables.entries.set(id, try record.encoded())
    }

    /// The record first: an address that leads to no record drops, as does one that leads nowhere.
    private func setPod(_ index: Int, _ record: PodRecord) throws {
        let key = try wireIndex(index, "the pod")
        let value = try record.encoded()
        let before = try tables.pods.value(key)
        try tables.pods.set(key, value)
        if value.ipv4 != 0 { try tables.podAddresses.set(value.ipv4, key) }
        if let before, before.ipv4 != value.ipv4 { try forgetAddress(before.ipv4, of: key) }
    }

    private func removePod(_ index: Int) throws {
        let key = try wireIndex(index, "the pod")
        let before = try tables.pods.value(key)
        try tables.pods.remove(key)
        if let before { try forgetAddress(before.ipv4, of: key) }
    }

    /// Unless another pod has the address by now.
    private func forgetAddress(_ address: UInt32, of index: UInt32) throws {
        if try tables.podAddresses.value(address) == index { try tables.podAddresses.remove(address) }
    }

    private func addRule(_ set: UInt32, _ rule: SetRule) throws {
        switch rule.prefix.family {
        case .ipv4: try tables.rules4.set(try rule.key4(set: set), rule.encoded())
        case .ipv6: try tables.rules6.set(try rule.key6(set: set), rule.encoded())
        }
    }

    private func removeRule(_ set: UInt32, _ rule: SetRule) throws {
        switch rule.prefix.family {
        case .ipv4: try tables.rules4.remove(try rule.key4(set: set))
        case .ipv6: try tables.rules6.remove(try rule.key6(set: set))
        }
    }

    private func setClusterRange(_ prefix: IPPrefix, _ kind: InClusterRange.Kind) throws {
        switch prefix.family {
        case .ipv4: try tables.cluster4.set(try prefix.clusterKey4(), kind.encoded)
        case .ipv6: try tables.cluster6.set(try prefix.clusterKey6(), kind.encoded)
        }
    }

    private func removeClusterRange(_ prefix: IPPrefix) throws {
        switch prefix.family {
        case .ipv4: try tables.cluster4.remove(try prefix.clusterKey4())
        case .ipv6: try tables.cluster6.remove(try prefix.clusterKey6())
        }
    }
}
