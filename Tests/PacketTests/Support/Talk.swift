import CEgressABI
import EgressModel
import EgressPlan
import TestKit
import Testing

@testable import BPFDatapath

/// Connections of one family through a ``World``, of a pod of this node or of one whose node uses this gateway.
final class Talk {
    enum Place: String, CaseIterable, Sendable {
        /// The flow is the forward half.
        case here
        /// The forward half is a value of its own.
        case elsewhere
    }

    struct Kind: Sendable, CustomTestStringConvertible {
        var family: IPFamily
        var place: Place
        var testDescription: String { "\(family.rawValue), pod \(place.rawValue)" }
    }

    static let kinds = [IPFamily.ipv4, .ipv6].flatMap { family in Place.allCases.map { Kind(family: family, place: $0) } }

    let world: World
    let kind: Kind
    let pod: IPAddress
    let egress: IPAddress
    let shared: IPAddress
    let server: IPAddress
    let otherServer: IPAddress

    private init(_ world: World, _ kind: Kind) throws {
        (self.world, self.kind) = (world, kind)
        let isIPv4 = kind.family == .ipv4
        egress = isIPv4 ? Role.egress : try Self.address("2001:db8:113::10")
        shared = isIPv4 ? Role.sharedEgress : try Self.address("2001:db8:18::2")
        server = isIPv4 ? Role.server : try Self.address("2001:db8:51::9")
        otherServer = isIPv4 ? Role.otherServer : try Self.address("2001:db8:51::10")
        pod =
            switch (kind.place, isIPv4) {
            case (.here, true): Role.pod
            case (.here, false): try Self.address("fd00:1::5")
            case (.elsewhere, true): Role.remotePod
            case (.elsewhere, false): try Self.address("fd00:1:0:1::9")
            }
    }

    static func with(
        _ kind: Kind, capacity: UInt32 = 16384, _ body: @escaping @Sendable (Talk) throws -> Void
    ) async throws {
        try await World.with(capacity: capacity) { world in
            let talk = try Talk(world, kind)
            try talk.program()
            try body(talk)
        }
    }

    static func address(_ text: String) throws -> IPAddress {
        guard let address = IPAddress(text) else { throw TestKitError("no address: \(text)") }
        return address
    }

    private static let routes = """
        addr add 2001:db8:18::2/64 dev up0 nodad
        addr add 2001:db8:113::10/128 dev lo nodad
        route add fd00:1::5/128 dev pod0
        route add default via 2001:db8:18::1 dev up0
        neigh add 2001:db8:18::1 lladdr 02:00:5e:00:00:01 dev up0

        """

    private func program() throws {
        if kind.family == .ipv6 {
            try FileText.write("1", to: "/proc/sys/net/ipv6/conf/all/forwarding")
            try Command.run(["ip", "-6", "-batch", "-"], input: Self.routes)
            try world.execute(
                .setNode(Role.otherNode, NodeRecord(podNetwork: IPPrefix("10.1.1.0/24"), podNetwork6: IPPrefix("fd00:1:0:1::/64"))))
            try world.execute(.setEgressAddress(egress, EgressAddressRecord(isShared: false)))
        }
        try setPod()
        try world.execute(
            .setChoice(
                ChoiceKey(interfaceIndex: world.podIndex, policy: Role.policy, family: kind.family),
                GatewayChoice(onNoGateway: .drop, ranked: [.init(entry: Role.localEntry, gateway: Role.thisNode)])))
        try setEntry()
        try world.endAdoption()
    }

    func setPod(mode: PodRecord.Mode = .enforce) throws {
        try world.execute(
            .setPod(
                interfaceIndex: world.podIndex,
                PodRecord(ipv4: Role.pod, ipv6: Self.address("fd00:1::5"), set: Role.set, deliverIndex: world.podIndex, mode: mode)))
    }

    func setEntry(
        _ id: UInt32 = Role.localEntry, addresses: [IPAddress]? = nil, kept: ClosedRange<UInt16> = 1024...65535,
        slice: ClosedRange<UInt16> = 0...65535
    ) throws {
        let addresses = addresses ?? [egress]
        try world.execute(
            .setEntry(
                id: id,
                EntryRecord(
                    egressIPv4: addresses.filter { $0.family == .ipv4 }, egressIPv6: addresses.filter { $0.family == .ipv6 }, set: Role.set,
                    interfaceIndex: nil, policy: Role.policy, keptPorts: kept, portSlice: slice, isShared: addresses.contains(shared))))
    }

    func setLimits(_ limits: ConnectionLimits) throws {
        let tokens = [Role.token].compactMap { TunnelToken(octets: $0) }
        try world.execute(
            .setSettings(
                DatapathSettings(
                    tunnelIndex: world.tunnelIndex, nodeAddress: Role.thisNode, tunnelMTU: Role.tunnelMTU, limits: limits, tokens: tokens)))
    }

    // MARK: Packets

    var hook: World.Hook { kind.place == .here ? .podSends : world.requestHook }

    /// From the pod.
    func packet(_ payload: Packet.Payload = .tcp(flags: Packet.syn), from port: UInt16 = 40000, to server: IPAddress? = nil) -> Packet {
        let macs = kind.place == .here ? [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2] : Role.onWire(Role.token)
        return Packet(source: pod, destination: server ?? self.server, sourcePort: port, payload: payload, macs: macs)
    }

    @discardableResult
    func send(
        _ payload: Packet.Payload = .tcp(flags: Packet.syn), from port: UInt16 = 40000, to server: IPAddress? = nil
    ) throws -> World.Outcome {
        try world.run(hook, packet(payload, from: port, to: server))
    }

    /// From the server, to the port by which the pod's packet left.
    @discardableResult
    func answer(_ payload: Packet.Payload = .tcp(flags: Packet.syn | Packet.ack), to port: UInt16 = 40000) throws -> World.Outcome {
        var packet = Packet(source: server, destination: egress, sourcePort: 443, destinationPort: port, payload: payload)
        if case .echoReply = payload { packet.sourcePort = port }
        return try world.run(.uplink, packet)
    }

    /// Two rounds of the collector, as the helper does them, `seconds` after `moment`; how many connections went.
    func collect(_ seconds: UInt32, after moment: UInt32) throws -> Int {
        try world.collect(at: moment + seconds) + world.collect(at: moment + seconds)
    }

    /// Whether the connections live for `seconds` since `start`, and no longer than for so long from now. A machine may be
    /// slow: their packets are no earlier than `start`, and no later than now.
    func lives(for seconds: UInt32, since start: UInt32, count: Int = 1) throws -> Bool {
        guard try collect(seconds - 1, after: start) == 0 else { return false }
        return try collect(seconds + 1, after: world.clock()) == count
    }
}
