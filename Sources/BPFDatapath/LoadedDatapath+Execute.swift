import CEgressABI
import EgressModel
import EgressPlan
import EgressPolicy

extension LoadedDatapath {
    /// One step; each is one write that packets see whole, and harmless when done twice.
    func execute(_ operation: DatapathOperation) throws {
        try write(operation)
        if operation.changesWays { try forgetWays() }
    }

    /// Every way that connections keep is asked for again with their next packet.
    func forgetWays() throws {
        var config = try tables.config.value(0) ?? egress_config()
        config.generation &+= 1
        try tables.config.set(0, config)
    }

    private func write(_ operation: DatapathOperation) throws {
        switch operation {
        case .attach(let attachment): try attach(attachment)
        case .detach(let attachment): try detach(attachment)
        case .setSettings(let settings): try setSettings(settings)
        case .setNetfilter: throw DatapathError("netfilter rules are not the datapath's", hint: "give them to HostNetworking")
        case .setExempt(let index, let connections): try setExempt(index, connections)
        case .forgetExempt(let index): try forgetExempt(index)
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
        case .removePolicy(let slot):
            try tables.policies.remove(slot)
            try tables.traffic.clear(slot)
        case .setChoice(let key, let choice):
            try tables.choices.set(try key.encoded(), try choice.encoded(number: tables.nodeNumbers.number))
        case .removeChoice(let key): try tables.choices.remove(try key.encoded())
        case .setGateway(let address, let record):
            try tables.gateways.set(try tables.nodeNumbers.number(of: address), record.encoded())
        case .removeGateway(let address): try tables.gateways.remove(try tables.nodeNumbers.number(of: address))
        case .setNode(let address, let record):
            try tables.nodes.set(try tables.nodeNumbers.number(of: address), try record.encoded(address: address))
        case .removeNode(let address): try removeNode(address)
        case .setEntry(let id, let record): try setEntry(id, record)
        case .removeEntry(let id): try removeEntry(id)
        case .setEgressAddress(let address, let record): try setEgressAddress(address, record)
        case .removeEgressAddress(let address): try removeEgressAddress(address)
        default: throw DatapathError("the datapath has no such step: \(operation)")
        }
    }

    private func setSettings(_ settings: DatapathSettings) throws {
        try tables.config.set(0, try settings.encoded(keeping: try tables.config.value(0) ?? egress_config()))
    }

    /// Its number too, unless it is a gateway yet.
    private func removeNode(_ address: IPAddress) throws {
        let number = try tables.nodeNumbers.number(of: address)
        try tables.nodes.remove(number)
        if try tables.gateways.value(number) == nil { try tables.nodeNumbers.forget(address) }
    }

    private func setEntry(_ id: UInt32, _ record: EntryRecord) throws {
        guard (1...EGRESS_VNI_ENTRY_MASK).contains(id) else { throw DatapathError("entry id \(id) doesn't fit the tunnel's 22 bits") }
        try tables.ipv4.setEntry(id, record)
        try tables.ipv6.setEntry(id, record)
    }

    private func removeEntry(_ id: UInt32) throws {
        try tables.ipv4.entries.remove(id)
        try tables.ipv6.entries.remove(id)
    }

    private func setEgressAddress(_ address: IPAddress, _ record: EgressAddressRecord) throws {
        switch address.family {
        case .ipv4: try tables.ipv4.setEgressAddress(address, record, newCounter: newAddressCounter)
        case .ipv6: try tables.ipv6.setEgressAddress(address, record, newCounter: newAddressCounter)
        }
    }

    private func removeEgressAddress(_ address: IPAddress) throws {
        switch address.family {
        case .ipv4: try tables.ipv4.removeEgressAddress(address)
        case .ipv6: try tables.ipv6.removeEgressAddress(address)
        }
    }

    /// The record first: an address that leads to no record drops, as does one that leads nowhere.
    private func setPod(_ index: Int, _ record: PodRecord) throws {
        let key = try wireIndex(index, "the pod")
        let before = try tables.pods.value(key).map(PodRecord.init)
        try tables.pods.set(key, try record.encoded())
        try tables.ipv4.setPodAddress(record.ipv4, key)
        try tables.ipv6.setPodAddress(record.ipv6, key)
        if before?.ipv4 != record.ipv4 { try tables.ipv4.forgetPodAddress(before?.ipv4, of: key) }
        if before?.ipv6 != record.ipv6 { try tables.ipv6.forgetPodAddress(before?.ipv6, of: key) }
    }

    private func removePod(_ index: Int) throws {
        let key = try wireIndex(index, "the pod")
        let before = try tables.pods.value(key).map(PodRecord.init)
        try tables.pods.remove(key)
        try tables.ipv4.forgetPodAddress(before?.ipv4, of: key)
        try tables.ipv6.forgetPodAddress(before?.ipv6, of: key)
    }

    private func addRule(_ set: UInt32, _ rule: SetRule) throws {
        switch rule.prefix.family {
        case .ipv4: try tables.ipv4.rules.set(try tables.ipv4.ruleKey(set, rule), rule.encoded())
        case .ipv6: try tables.ipv6.rules.set(try tables.ipv6.ruleKey(set, rule), rule.encoded())
        }
    }

    private func removeRule(_ set: UInt32, _ rule: SetRule) throws {
        switch rule.prefix.family {
        case .ipv4: try tables.ipv4.rules.remove(try tables.ipv4.ruleKey(set, rule))
        case .ipv6: try tables.ipv6.rules.remove(try tables.ipv6.ruleKey(set, rule))
        }
    }

    private func setClusterRange(_ prefix: IPPrefix, _ kind: InClusterRange.Kind) throws {
        switch prefix.family {
        case .ipv4: try tables.ipv4.cluster.set(try tables.ipv4.clusterKey(prefix), kind.encoded)
        case .ipv6: try tables.ipv6.cluster.set(try tables.ipv6.clusterKey(prefix), kind.encoded)
        }
    }

    private func removeClusterRange(_ prefix: IPPrefix) throws {
        switch prefix.family {
        case .ipv4: try tables.ipv4.cluster.remove(try tables.ipv4.clusterKey(prefix))
        case .ipv6: try tables.ipv6.cluster.remove(try tables.ipv6.clusterKey(prefix))
        }
    }
}

extension DatapathOperation {
    /// Whether a way that a connection keeps may be another one after it. A set of rules never changes while it is in use.
    fileprivate var changesWays: Bool {
        switch self {
        case .attach, .detach, .setNetfilter, .setPolicy, .removePolicy, .addAddress, .removeAddress: false
        default: true
        }
    }
}
