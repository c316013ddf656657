import CEgressABI
import CLibBPF

/// Every map of the datapath, with the types of `egress_abi.h`.
struct Tables {
    let config: BPFTable<UInt32, egress_config>
    let meta: BPFTable<UInt32, egress_meta>
    let pods: BPFTable<UInt32, egress_pod>
    let policies: BPFTable<UInt32, egress_policy>
    let choices: BPFTable<egress_choice_key, egress_choice>
    let gateways: BPFTable<UInt32, egress_gateway>
    let nodes: BPFTable<UInt32, egress_node>
    let nodeNumbers: NodeNumbers
    let ipv4: FamilyTables<IPv4Datapath>
    let ipv6: FamilyTables<IPv6Datapath>
    let counts: PerProcessorCounters
    let tries: PerProcessorCounters
    /// By policy slot: tunnelled, delivered, translated, reversed, dropped; packets and bytes of each.
    let traffic: PerProcessorCounters
    /// By ``egress_ip/counter``: translated, reversed, dropped.
    let addressTraffic: PerProcessorCounters
    /// A descriptor.
    let events: Int32

    init(_ object: BPFObject) throws {
        config = try object.table("egress_config")
        meta = try object.table("egress_meta")
        pods = try object.table("egress_pods")
        policies = try object.table("egress_policies")
        choices = try object.table("egress_choices")
        gateways = try object.table("egress_gateways")
        nodes = try object.table("egress_nodes")
        nodeNumbers = NodeNumbers(numbers: try object.table("egress_node_ids"))
        ipv4 = try FamilyTables(object)
        ipv6 = try FamilyTables(object)
        let counts: BPFTable<UInt32, egress_counter> = try object.table("egress_counts")
        let tries: BPFTable<UInt32, UInt64> = try object.table("egress_tries")
        let traffic: BPFTable<UInt32, egress_traffic> = try object.table("egress_traffic")
        let addressTraffic: BPFTable<UInt32, egress_ip_traffic> = try object.table("egress_ip_count")
        self.counts = PerProcessorCounters(counts, words: 2)
        self.tries = PerProcessorCounters(tries, words: 1)
        self.traffic = PerProcessorCounters(traffic, words: 10)
        self.addressTraffic = PerProcessorCounters(addressTraffic, words: 6)
        events = try object.descriptor("egress_events")
    }
}

/// A per-processor array whose values are 64-bit counters.
struct PerProcessorCounters {
    let name: String
    let descriptor: Int32
    let capacity: Int
    let words: Int
    let object: BPFObject

    init<Value>(_ table: BPFTable<UInt32, Value>, words: Int) {
        (name, descriptor, capacity, object) = (table.name, table.descriptor, table.capacity, table.object)
        self.words = words
    }

    /// To zero; nothing for an index that the array doesn't have.
    func clear(_ index: UInt32) throws {
        guard index < capacity else { return }
        let processors = Int(try kernelCall("the processors can't be counted") { libbpf_num_possible_cpus() })
        let zeros = [UInt64](repeating: 0, count: processors * words)
        var key = index
        try kernelCall("map \(name) can't be written") { bpf_map_update_elem(descriptor, &key, zeros, UInt64(BPF_ANY)) }
    }

    /// The sums over all processors.
    func sums(_ index: UInt32) throws -> [UInt64] {
        let processors = Int(try kernelCall("the processors can't be counted") { libbpf_num_possible_cpus() })
        var values = [UInt64](repeating: 0, count: processors * words)
        var key = index
        try kernelCall("map \(name) can't be read") { bpf_map_lookup_elem(descriptor, &key, &values) }
        return (0..<words).map { word in
            stride(from: word, to: values.count, by: words).reduce(0) { $0 &+ values[$1] }
        }
    }
}
