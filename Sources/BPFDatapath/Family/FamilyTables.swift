import CEgressABI
import CLibBPF
import EgressModel
import EgressPlan
import EgressPolicy

/// The maps of one family, and what is read from and written to them.
struct FamilyTables<Family: DatapathFamily> {
    let podAddresses: BPFTable<Family.Address, UInt32>
    let rules: BPFTable<Family.RuleKey, egress_rule>
    let cluster: BPFTable<Family.LPMKey, UInt32>
    let entries: BPFTable<UInt32, Family.Entry>
    let egressAddresses: BPFTable<Family.Address, egress_ip>
    let flows: BPFTable<Family.FlowKey, Family.Flow>
    let forward: BPFTable<Family.ForwardKey, Family.Half>
    let reverse: BPFTable<Family.ReverseKey, Family.Reverse>
    let refused: BPFTable<Family.ReverseKey, UInt64>
    let podUse: BPFTable<UInt32, egress_use>
    let entryUse: BPFTable<UInt32, egress_use>

    /// Bits of the set's number before the destination in a rule's key.
    private static var setBits: Int { 32 }

    init(_ object: BPFObject) throws {
        podAddresses = try object.table("egress_pod_ips\(Family.number)")
        rules = try object.table("egress_rules\(Family.number)")
        cluster = try object.table("egress_cluster\(Family.number)")
        entries = try object.table("egress_entries\(Family.number)")
        egressAddresses = try object.table("egress_ips\(Family.number)")
        flows = try object.table("egress_flows\(Family.number)")
        forward = try object.table("egress_nat_fwd\(Family.number)")
        reverse = try object.table("egress_nat_rev\(Family.number)")
        refused = try object.table("egress_refused\(Family.number)")
        podUse = try object.table("egress_pod_use\(Family.number)")
        entryUse = try object.table("egress_ent_use\(Family.number)")
    }

    // MARK: Rules and ranges

    func ruleKey(_ set: UInt32, _ rule: SetRule) throws -> Family.RuleKey {
        Family.RuleKey(
            prefixlen: UInt32(Self.setBits + rule.prefix.length), set: set,
            destination: try Family.wire(rule.prefix.address, "destination"))
    }

    func readRules(into sets: inout [UInt32: Set<SetRule>]) throws {
        for (key, value) in try rules.all() {
            let prefix = IPPrefix(Family.address(key.destination), length: Int(key.prefixlen) - Self.setBits)
            if let prefix { sets[key.set, default: []].insert(SetRule(prefix, value)) }
        }
    }

    func clusterKey(_ prefix: IPPrefix) throws -> Family.LPMKey {
        Family.LPMKey(prefixlen: UInt32(prefix.length), address: try Family.wire(prefix.address, "range"))
    }

    func readCluster(into ranges: inout [IPPrefix: InClusterRange.Kind]) throws {
        for (key, value) in try cluster.all() {
            let prefix = IPPrefix(Family.address(key.address), length: Int(key.prefixlen))
            if let prefix, let kind = InClusterRange.Kind(encoded: value) { ranges[prefix] = kind }
        }
    }

    // MARK: Pods' addresses

    func setPodAddress(_ address: IPAddress?, _ index: UInt32) throws {
        if let address { try podAddresses.set(try Family.wire(address, "pod address"), index) }
    }

    /// Unless another pod has the address by now.
    func forgetPodAddress(_ address: IPAddress?, of index: UInt32) throws {
        guard let address else { return }
        let key = try Family.wire(address, "pod address")
        if try podAddresses.value(key) == index { try podAddresses.remove(key) }
    }

    // MARK: Egress addresses

    /// `newCounter`: the place of its counters, for an address that has none yet.
    func setEgressAddress(_ address: IPAddress, _ record: EgressAddressRecord, newCounter: () throws -> UInt32) throws {
        let key = try Family.wire(address, "egress IP")
        let known = try egressAddresses.value(key)?.counter
        try egressAddresses.set(key, record.encoded(counter: try known ?? newCounter()))
    }

    func removeEgressAddress(_ address: IPAddress) throws {
        try egressAddresses.remove(try Family.wire(address, "egress IP"))
    }

    func readEgressAddresses(into records: inout [IPAddress: EgressAddressRecord]) throws {
        for (address, ip) in try egressAddresses.all() { records[Family.address(address)] = EgressAddressRecord(ip) }
    }
}
