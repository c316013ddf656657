import CEgressABI
import CLibBPF
import EgressModel
import EgressPlan
import EgressPolicy
import EgressPorts
import Glibc
import TestKit

@testable import BPFDatapath

/// A node in a network namespace of its own, with the real programs, fresh maps and real routes.
///
/// `pod0` is a pod's veth, `up0` the uplink with a router behind it, `egw0` the tunnel.
final class World {
    enum Hook {
        case podSends
        case podIsGiven
        case uplink
        /// What leaves by the uplink, and the datapath didn't send.
        case uplinkSends
        case tunnel(vni: UInt32, from: IPAddress)
        /// What the stack leads to the tunnel device.
        case stack
    }

    struct Outcome: Equatable {
        static let pass: UInt32 = .max
        static let shot: UInt32 = 2
        static let redirect: UInt32 = 7

        var verdict: UInt32
        var bytes: [UInt8]
        var frame: Frame { Frame(bytes: bytes) }
        /// Names of the drop counters that moved, with how much.
        var drops: [String: UInt64]
        /// The other counters that moved.
        var counts: [String: UInt64]
    }

    /// The mark of the next packet, and after a run that of the last.
    var mark: UInt32 = 0
    let datapath: BPFDatapath
    let podIndex: Int
    let uplinkIndex: Int
    let tunnelIndex: Int
    private let enter: BPFObject

    /// Runs `body` with a world of its own.
    static func with<Result: Sendable>(
        capacity: UInt32 = 16384, _ body: @escaping @Sendable (World) throws -> Result
    ) async throws -> Result {
        try await Sandbox.run { _ in try body(World(capacity)) }
    }

    private init(_ capacity: UInt32) throws {
        try Command.run(["ip", "-batch", "-"], input: Self.links)
        try FileText.write("1", to: "/proc/sys/net/ipv4/conf/all/forwarding")
        try Command.run(["ip", "-batch", "-"], input: Self.routes)
        podIndex = Int(if_nametoindex("pod0"))
        uplinkIndex = Int(if_nametoindex("up0"))
        tunnelIndex = Int(if_nametoindex("egw0"))
        datapath = try BPFDatapath.openUnpinned(capacity: capacity)
        enter = try BPFObject.loadFile(Self.testObject)
        try program()
    }

    private static let links = """
        link set lo up
        link add pod0 type veth peer name pod0p
        link add up0 type veth peer name up0p
        link add egw0 type vxlan external nolearning dstport 8474
        link set pod0 up
        link set pod0p up
        link set up0 up
        link set up0p up
        link set egw0 up

        """
    private static let routes = """
        addr add \(Role.thisNode)/24 dev up0
        addr add \(Role.egress)/32 dev lo
        route add \(Role.pod)/32 dev pod0
        route add default via \(Role.router) dev up0
        route add blackhole 192.0.2.128/25
        neigh add \(Role.router) lladdr 02:00:5e:00:00:01 dev up0

        """

    private static let testObject = {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(4).joined(separator: "/")
        return root + "/.build/bpf/egress_test.bpf.o"
    }()

    /// The pod is governed and leaves by the other node; the other node's pods leave by this one.
    private func program() throws {
        let tokens = [Role.token, Role.olderToken].compactMap { TunnelToken(octets: $0) }
        try execute(
            .setSettings(
                DatapathSettings(
                    tunnelIndex: tunnelIndex, nodeAddress: Role.thisNode, tunnelMTU: Role.tunnelMTU, stackMark: SteeringMark.standard,
                    tokens: tokens)))
        for (text, kind) in Self.cluster { try IPPrefix(text).map { try execute(.setClusterRange($0, kind)) } }
        try execute(.setPod(interfaceIndex: podIndex, PodRecord(ipv4: Role.pod, ipv6: nil, set: Role.set, deliverIndex: podIndex)))
        try addRule("0.0.0.0/0", .gateway)
        try addRule("::/0", .gateway)
        try execute(.setGateway(Role.otherNode, GatewayRecord(place: .remote)))
        try execute(.setGateway(Role.thisNode, GatewayRecord(place: .local)))
        try execute(.setNode(Role.otherNode, NodeRecord(podNetwork: IPPrefix("10.1.1.0/24"))))
        try choose([(Role.remoteEntry, Role.otherNode)])
        try setEntry()
        try execute(.setEgressAddress(Role.egress, EgressAddressRecord(isShared: false)))
        try execute(.setEgressAddress(Role.sharedEgress, EgressAddressRecord(isShared: true)))
        try endAdoption()
    }

    /// As long after an entry gained its address.
    func endAdoption(_ id: UInt32 = Role.localEntry) throws { try adopt(id, until: 0) }

    /// From now on it takes over connections in their middle, until this second of the coarse clock.
    func adopt(_ id: UInt32 = Role.localEntry, until second: UInt32) throws {
        try datapath.withLoaded { loaded in
            if var entry = try loaded.tables.ipv4.entries.value(id) {
                entry.adopt_until = second
                try loaded.tables.ipv4.entries.set(id, entry)
            }
            if var entry = try loaded.tables.ipv6.entries.value(id) {
                entry.adopt_until = second
                try loaded.tables.ipv6.entries.set(id, entry)
            }
        }
    }

    private static let cluster: [(String, InClusterRange.Kind)] = [
        ("10.1.0.0/16", .pod), ("10.96.0.0/12", .service), ("172.18.0.0/24", .node), ("169.254.0.0/16", .local),
        ("224.0.0.0/4", .local), ("255.255.255.255/32", .local), ("127.0.0.0/8", .local), ("fd00:1::/64", .pod),
    ]

    func execute(_ operation: DatapathOperation) throws { try datapath.execute(operation) }

    func addRule(_ prefix: String, _ action: SetRule.Action, policy: UInt32 = Role.policy, set: UInt32 = Role.set) throws {
        guard let prefix = IPPrefix(prefix) else { throw TestKitError("no prefix: \(prefix)") }
        try execute(.addRule(set: set, SetRule(prefix: prefix, action: action, policy: policy)))
    }

    func choose(_ ranked: [(UInt32, IPAddress)], policy: UInt32 = Role.policy, onNoGateway: OnNoGateway = .drop) throws {
        let choice = GatewayChoice(onNoGateway: onNoGateway, ranked: ranked.map { .init(entry: $0.0, gateway: $0.1) })
        try execute(.setChoice(ChoiceKey(interfaceIndex: podIndex, policy: policy), choice))
    }

    func setEntry(
        _ id: UInt32 = Role.localEntry, addresses: [IPAddress] = [Role.egress], kept: ClosedRange<UInt16> = 1024...65535,
        slice: ClosedRange<UInt16> = 32768...65535, interface: Int? = nil, set: UInt32 = Role.set
    ) throws {
        try execute(
            .setEntry(
                id: id,
                EntryRecord(
                    egressIPv4: addresses, set: set, interfaceIndex: interface, policy: Role.policy, keptPorts: kept, portSlice: slice,
                    isShared: addresses.contains(Role.sharedEgress))))
    }

    func forwardHalves() throws -> [(key: egress_fwd_key4, value: egress_half4)] {
        try datapath.withLoaded { try $0.tables.ipv4.forward.all() }
    }

    func reverseHalves() throws -> [(key: egress_rev_key4, value: egress_rev4)] {
        try datapath.withLoaded { try $0.tables.ipv4.reverse.all() }
    }

    func flows() throws -> [(key: egress_flow_key4, value: egress_flow4)] {
        try datapath.withLoaded { try $0.tables.ipv4.flows.all() }
    }

    /// A packet of the pod that leaves by the other node.
    var fromPod: Packet { Packet(source: Role.pod, destination: Role.server) }
    /// A packet of the other node's pod, as the tunnel brings it.
    var request: Packet { Packet(source: Role.remotePod, destination: Role.server, macs: Role.onWire(Role.token)) }
    var requestHook: Hook { .tunnel(vni: Role.localEntry, from: Role.otherNode) }
    var replyHook: Hook { .tunnel(vni: EGRESS_VNI_REPLY | Role.remoteEntry, from: Role.otherNode) }

    @discardableResult
    func run(_ hook: Hook, _ packet: Packet) throws -> Outcome { try run(hook, packet.frame) }

    @discardableResult
    func run(_ hook: Hook, _ frame: [UInt8]) throws -> Outcome {
        let before = try datapath.counters()
        let (verdict, bytes) = try testRun(hook, frame)
        var outcome = Outcome(verdict: verdict, bytes: bytes, drops: [:], counts: [:])
        for (old, new) in zip(before, try datapath.counters()) where new.packets != old.packets {
            if new.code != nil {
                outcome.drops[new.name] = new.packets - old.packets
            } else {
                outcome.counts[new.name] = new.packets - old.packets
            }
        }
        return outcome
    }

    /// What the program said, and nothing else: for thousands of packets.
    func verdict(_ hook: Hook, _ frame: [UInt8]) throws -> UInt32 { try testRun(hook, frame).0 }

    /// Without counters: for thousands of packets.
    func testRun(_ hook: Hook, _ frame: [UInt8]) throws -> (UInt32, [UInt8]) {
        let (program, index) = try entrance(hook)
        // The stack got by the pod's device what it leads out by the tunnel's.
        let came = if case .stack = hook { podIndex } else { index }
        return try withUnsafeMutablePointer(to: &mark) { try Self.testRun(program, index, frame, mark: $0, from: came) }
    }

    /// The program of a hook and the interface on which it runs; good until the next hook of the tunnel is asked for.
    func entrance(_ hook: Hook) throws -> (program: Int32, index: Int) {
        switch hook {
        case .podSends: (try datapath.withLoaded { try $0.object.program("egress_pod") }, podIndex)
        case .podIsGiven: (try datapath.withLoaded { try $0.object.program("egress_pod_in") }, podIndex)
        case .uplink: (try datapath.withLoaded { try $0.object.program("egress_uplink") }, uplinkIndex)
        case .uplinkSends: (try datapath.withLoaded { try $0.object.program("egress_uplink_out") }, uplinkIndex)
        case .stack: (try datapath.withLoaded { try $0.object.program("egress_stack") }, tunnelIndex)
        case .tunnel(let vni, let outer): (try entering(vni, outer), tunnelIndex)
        }
    }

    /// The wrapper gives the run its tunnel key, then calls the program under test.
    func entering(_ vni: UInt32, _ outer: IPAddress) throws -> Int32 {
        let key: BPFTable<UInt32, TestOuter> = try enter.table("test_outer")
        try key.set(0, TestOuter(vni, outer))
        let target: BPFTable<UInt32, UInt32> = try enter.table("test_target")
        try target.set(0, UInt32(bitPattern: datapath.withLoaded { try $0.object.program("egress_tunnel") }))
        return try enter.program("test_enter_tunnel")
    }

    /// - Parameters:
    ///   - segment: octets of data in each packet that the kernel will make of the frame; 0: it is one.
    ///   - mark: of the packet, before and after.
    ///   - from: the device that it came in by; `nil`: the same.
    static func testRun(
        _ program: Int32, _ index: Int, _ frame: [UInt8], segment: UInt32 = 0, mark: UnsafeMutablePointer<UInt32>? = nil,
        from: Int? = nil
    ) throws -> (UInt32, [UInt8]) {
        var context = __sk_buff()
        context.ifindex = UInt32(index)
        context.ingress_ifindex = UInt32(from ?? index)
        context.mark = mark?.pointee ?? 0
        context.gso_size = segment
        var out = [UInt8](repeating: 0, count: frame.count + 256)
        defer { mark?.pointee = context.mark }
        return try withUnsafeMutableBytes(of: &context) { context in
            try out.withUnsafeMutableBytes { room in
                try frame.withUnsafeBytes { packet in
                    var options = bpf_test_run_opts()
                    options.sz = optionsSize(through: \bpf_test_run_opts.batch_size)
                    options.data_in = packet.baseAddress
                    options.data_size_in = UInt32(packet.count)
                    options.data_out = room.baseAddress
                    options.data_size_out = UInt32(room.count)
                    options.ctx_in = UnsafeRawPointer(context.baseAddress)
                    options.ctx_size_in = UInt32(context.count)
                    options.ctx_out = context.baseAddress.map { UnsafeMutableRawPointer($0) }
                    options.ctx_size_out = UInt32(context.count)
                    let result = bpf_prog_test_run_opts(program, &options)
                    guard result == 0 else { throw TestKitError("test run: \(String(cString: strerror(-result)))") }
                    return (options.retval, Array(room.prefix(Int(options.data_size_out))))
                }
            }
        }
    }
}

/// `struct test_outer` of bpf/test/egress_test.bpf.c.
private struct TestOuter {
    var source: UInt32
    var vni: UInt32
    var source6: (UInt64, UInt64)

    init(_ vni: UInt32, _ outer: IPAddress) {
        let bits = outer.family == .ipv6 ? outer.bits : 0
        (source, self.vni) = (outer.ipv4Bits ?? 0, vni)
        source6 = (UInt64(truncatingIfNeeded: bits >> 64).bigEndian, UInt64(truncatingIfNeeded: bits).bigEndian)
    }
}
