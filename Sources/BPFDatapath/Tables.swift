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
        self.counts = PerProcessorCounters(name: counts.name, descriptor: counts.descriptor, words: 2, object: object)
        self.tries = PerProcessorCounters(name: tries.name, descriptor: tries.descriptor, words: 1, object: object)
    }
}

/// A per-processor array whose values are one or two 64-bit counters.
struct PerProcessorCounters {
    let name: String
    let descriptor: Int32
    let words: Int
    let object: BPFObject

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
