import CEgressABI
import EgressModel
import EgressPlan
import EgressPorts

/// What the lookups of one packet need, copied from the maps that packets use: keys and values as they are there.
struct TraceNeeds: Sendable {
    var config = egress_config()
    var attachIndex: UInt32 = 0
    /// Node numbers of addresses; IPv4 addresses are their own.
    var nodeNumbers: [(egress_address6, UInt32)] = []
    var pods: [(UInt32, egress_pod)] = []
    var choices: [(egress_choice_key, egress_choice)] = []
    var gateways: [(UInt32, egress_gateway)] = []
    var nodes: [(UInt32, egress_node)] = []
    var ipv4 = FamilyNeeds<IPv4Datapath>()
    var ipv6 = FamilyNeeds<IPv6Datapath>()

    init(_ datapath: LoadedDatapath, _ probe: TraceProbe) throws {
        let tables = datapath.tables
        config = try tables.config.value(0) ?? egress_config()
        config.watched = 0
        nodeNumbers = try tables.nodeNumbers.numbers.all().map { ($0.key, $0.value) }
        nodes = try tables.nodes.all().map { ($0.key, $0.value) }
        gateways = try tables.gateways.all().map { ($0.key, $0.value) }
        var sets: Set<UInt32> = []
        var entries: Set<UInt32> = []
        switch probe.entrance {
        case .pod(let index, _):
            attachIndex = try wireIndex(index, "the pod")
            if let pod = try tables.pods.value(attachIndex) {
                pods = [(attachIndex, pod)]
                sets.insert(pod.set)
            }
            choices = try tables.choices.all().filter { $0.key.ifindex == attachIndex }.map { ($0.key, $0.value) }
            for (_, choice) in choices { entries.formUnion(choice.places.map(\.entry)) }
        case .tunnel(_, let entry, _):
            attachIndex = config.tunnel_ifindex
            entries.insert(entry)
        }
        switch probe.source.family {
        case .ipv4: ipv4 = try FamilyNeeds(tables.ipv4, probe, sets: sets, entries: entries)
        case .ipv6: ipv6 = try FamilyNeeds(tables.ipv6, probe, sets: sets, entries: entries)
        }
    }

    /// Room that the private tables of connections need, and some for what the packet makes.
    var connections: UInt32 {
        let most = max(ipv4.reverse.count, ipv6.reverse.count)
        return UInt32(clamping: most + 64)
    }

    func fill(_ tables: Tables) throws {
        try tables.config.set(0, config)
        for (key, value) in nodeNumbers { try tables.nodeNumbers.numbers.set(key, value) }
        for (key, value) in pods { try tables.pods.set(key, value) }
        for (key, value) in choices { try tables.choices.set(key, value) }
        for (key, value) in gateways { try tables.gateways.set(key, value) }
        for (key, value) in nodes { try tables.nodes.set(key, value) }
        try ipv4.fill(tables.ipv4)
        try ipv6.fill(tables.ipv6)
    }
}

/// The same of one family. Of ranges and rules only those are here that hold the destination, of connections those to the
/// same remote by the same addresses: others can't be met.
struct FamilyNeeds<Family: DatapathFamily>: Sendable
where
    Family.Address: Sendable, Family.LPMKey: Sendable, Family.RuleKey: Sendable, Family.Entry: Sendable, Family.FlowKey: Sendable,
    Family.Flow: Sendable, Family.ForwardKey: Sendable, Family.Half: Sendable, Family.ReverseKey: Sendable, Family.Reverse: Sendable
{
    var podAddresses: [(Family.Address, UInt32)] = []
    var cluster: [(Family.LPMKey, UInt32)] = []
    var rules: [(Family.RuleKey, egress_rule)] = []
    var entries: [(UInt32, Family.Entry)] = []
    var egressAddresses: [(Family.Address, egress_ip)] = []
    var flows: [(Family.FlowKey, Family.Flow)] = []
    var forward: [(Family.ForwardKey, Family.Half)] = []
    var reverse: [(Family.ReverseKey, Family.Reverse)] = []

    init() {}

    init(_ tables: FamilyTables<Family>, _ probe: TraceProbe, sets: Set<UInt32>, entries ids: Set<UInt32>) throws {
        let destination = probe.request.destination.address
        let source = try Family.wire(probe.source, "the pod's address")
        podAddresses = try tables.podAddresses.value(source).map { [(source, $0)] } ?? []
        cluster = try tables.cluster.all().filter {
            IPPrefix(Family.address($0.key.address), length: Int($0.key.prefixlen))?.contains(destination) == true
        }.map { ($0.key, $0.value) }
        entries = try ids.sorted().compactMap { id in try tables.entries.value(id).map { (id, $0) } }
        let sets = sets.union(entries.map(\.1.set))
        rules = try tables.rules.all().filter { rule in
            sets.contains(rule.key.set)
                && IPPrefix(Family.address(rule.key.destination), length: Int(rule.key.prefixlen) - 32)?.contains(destination) == true
        }.map { ($0.key, $0.value) }
        egressAddresses = try tables.egressAddresses.all().map { ($0.key, $0.value) }
        try copyConnections(tables, probe)
    }

    private mutating func copyConnections(_ tables: FamilyTables<Family>, _ probe: TraceProbe) throws {
        let (destination, transport) = (probe.request.destination, probe.request.transport.number)
        let isEcho = transport == IPProtocol.icmp.number || transport == IPProtocol.icmpv6.number
        let remotePort = (isEcho ? 0 : destination.port).bigEndian
        var flow = Family.FlowKey()
        flow.pod = try Family.wire(probe.source, "the pod's address")
        flow.remote = try Family.wire(destination.address, "the destination")
        flow.pod_port = probe.request.sourcePort.bigEndian
        flow.remote_port = remotePort
        flow.protocol = transport
        if let value = try tables.flows.value(flow) { flows = [(flow, value)] }
        for (id, _) in entries {
            let key = FamilyTables<Family>.forwardKey(of: flow, entry: id)
            if let value = try tables.forward.value(key) { forward.append((key, value)) }
        }
        // Ports that others have to this remote.
        _ = try tables.reverse.walk(from: nil, atMost: .max) { keys, values in
            for (key, value) in zip(keys, values)
            where key.protocol == transport && key.remote_port == remotePort && Family.address(key.remote) == destination.address {
                reverse.append((key, value))
            }
        }
    }

    func fill(_ tables: FamilyTables<Family>) throws {
        for (key, value) in podAddresses { try tables.podAddresses.set(key, value) }
        for (key, value) in cluster { try tables.cluster.set(key, value) }
        for (key, value) in rules { try tables.rules.set(key, value) }
        for (key, value) in entries { try tables.entries.set(key, value) }
        for (key, value) in egressAddresses { try tables.egressAddresses.set(key, value) }
        for (key, value) in flows { try tables.flows.set(key, value) }
        for (key, value) in forward { try tables.forward.set(key, value) }
        for (key, value) in reverse { try tables.reverse.set(key, value) }
    }
}
