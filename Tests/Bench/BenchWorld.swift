import BPFDatapath
import EgressModel
import EgressPlan
import EgressPolicy
import Glibc
import TestKit

/// Two veths in a namespace of its own: `gen0`→`pod0`, the path, `up0`→`sink0`.
final class BenchWorld {
    private let programs: BenchPrograms
    private let path: BenchPath
    private var datapath: BPFDatapath?

    private static let links = """
        link set lo up
        link add gen0 type veth peer name pod0
        link add up0 type veth peer name sink0
        link set pod0 address 02:00:00:00:00:10
        link set gen0 up
        link set pod0 up
        link set up0 up
        link set sink0 up
        addr add 203.0.113.10/24 dev up0
        route add 10.1.0.5/32 dev pod0
        route add default via 203.0.113.1 dev up0
        neigh add 203.0.113.1 lladdr 02:00:00:00:00:20 dev up0

        """

    init(_ path: BenchPath, _ kind: BenchKind, bpffs: String) throws {
        self.path = path
        try Command.run(["ip", "-batch", "-"], input: Self.links)
        for (key, value) in [("ipv4/conf/all/forwarding", "1"), ("ipv4/conf/all/rp_filter", "0"), ("ipv4/conf/pod0/rp_filter", "0")] {
            try FileText.write(value, to: "/proc/sys/net/\(key)")
        }
        programs = try BenchPrograms()
        let frame = BenchFrame(destinationMAC: [2, 0, 0, 0, 0, 0x10])
        try programs.setPlan(
            frame: frame.octets(sourcePort: 40000, destinationPort: 443),
            .init(sum: frame.sumWithoutPorts, isNew: kind == .new ? 1 : 0, out: UInt32(if_nametoindex("up0"))))
        try programs.sendInto(Int(if_nametoindex("gen0")))
        try programs.attachPass(Int(if_nametoindex("pod0")))
        try programs.attach("bench_sink", Int(if_nametoindex("sink0")))
        try prepare(bpffs)
    }

    private func prepare(_ bpffs: String) throws {
        switch path {
        case .ours: datapath = try program(bpffs)
        case .nftables:
            try Command.run(
                ["nft", "-f", "-"],
                input: """
                    table ip bench {
                      chain post { type nat hook postrouting priority srcnat; ip saddr 10.1.0.5 oif "up0" snat to 203.0.113.10; }
                    }

                    """)
        case .iptables:
            let rule = ["POSTROUTING", "-s", "10.1.0.5", "-o", "up0", "-j", "SNAT", "--to-source", "203.0.113.10"]
            try Command.run(["iptables", "-t", "nat", "-A"] + rule)
        case .forwarding: break
        case .redirect: try programs.attach("bench_redirect", Int(if_nametoindex("pod0")))
        }
    }

    private func program(_ bpffs: String) throws -> BPFDatapath {
        let datapath = try BPFDatapath.open(pinRoot: bpffs + "/bench")
        let pod = Int(if_nametoindex("pod0"))
        guard let address = IPAddress("10.1.0.5"), let egress = IPAddress("203.0.113.10"), let node = IPAddress("192.0.2.1"),
            let everything = IPPrefix("0.0.0.0/0"), let pods = IPPrefix("10.0.0.0/8")
        else { throw TestKitError("a plan that isn't one") }
        let entry = EntryRecord(
            egressIPv4: [egress], set: 1, interfaceIndex: nil, policy: 1, keptPorts: 1024...65535, portSlice: 32768...65535, isShared: false
        )
        let steps: [DatapathOperation] = [
            .setSettings(DatapathSettings(tunnelMTU: 1450)), .setClusterRange(pods, .pod),
            .addRule(set: 1, SetRule(prefix: everything, action: .gateway, policy: 1)), .setGateway(node, GatewayRecord(place: .local)),
            .setChoice(
                ChoiceKey(interfaceIndex: pod, policy: 1), GatewayChoice(onNoGateway: .drop, ranked: [.init(entry: 1, gateway: node)])),
            .setEntry(id: 1, entry), .setPod(interfaceIndex: pod, PodRecord(ipv4: address, ipv6: nil, set: 1, deliverIndex: pod)),
            .attach(Attachment(program: .pod, interfaceIndex: pod)),
        ]
        for step in steps { try datapath.execute(step) }
        return datapath
    }

    /// Nanoseconds a packet with everything: generator, skb, path, sink. `nil` when not every packet arrived.
    func measure(_ packets: UInt64) throws -> Double? {
        try programs.generate(1000)
        guard try arrive(1000) else { return nil }
        let start = ContinuousClock.now
        try programs.generate(packets)
        guard try arrive(1000 + packets) else { return nil }
        let elapsed = ContinuousClock.now - start
        return (Double(elapsed.components.seconds) * 1e9 + Double(elapsed.components.attoseconds) / 1e9) / Double(packets)
    }

    /// The last batches may still be on their way when the generator returns.
    private func arrive(_ total: UInt64) throws -> Bool {
        let end = ContinuousClock.now + .milliseconds(500)
        while try programs.arrived() < total {
            guard ContinuousClock.now < end else { return false }
            sched_yield()
        }
        return try programs.arrived() == total
    }
}
