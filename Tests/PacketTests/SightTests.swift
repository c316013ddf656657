import CEgressABI
import CLibBPF
import EgressModel
import EgressPlan
import EgressPorts
import Glibc
import Synchronization
import TestKit
import Testing

@testable import BPFDatapath

/// What is told of connections while packets go through: events, lists, ports, counters.
@Suite(.requires(.packet), .serialized)
struct SightTests {
    /// Collects what a watch says; `wait` gives up after three seconds.
    final class Heard: Sendable {
        private let events = Mutex<[DatapathEvent]>([])
        private let lostEvents = Mutex<UInt64>(0)

        var all: [DatapathEvent] { events.withLock(\.self) }
        var lost: UInt64 { lostEvents.withLock(\.self) }

        func take(_ more: [DatapathEvent], _ lost: UInt64) {
            events.withLock { $0 += more }
            lostEvents.withLock { $0 += lost }
        }

        func wait(_ count: Int) -> [DatapathEvent] {
            for _ in 0..<300 where all.count < count { usleep(10_000) }
            return all
        }
    }

    private static func end(_ address: IPAddress, _ port: UInt16) -> Endpoint { Endpoint(address, port) }

    private static func local(_ world: World) throws {
        try world.choose([(Role.localEntry, Role.thisNode)])
    }

    @Test func `a connection of another node's pod is opened, dropped and closed with address and port`() async throws {
        try await World.with { world in
            let heard = Heard()
            let watch = try world.datapath.watchEvents(heard.take)
            defer { watch.end() }
            #expect(try world.run(world.requestHook, world.request).verdict == World.Outcome.redirect)
            let opened = try #require(heard.wait(1).first)
            #expect(opened.kind == .opened && opened.transport == .tcp && opened.entry == Role.localEntry && opened.interfaceIndex == 0)
            #expect(opened.source == Self.end(Role.remotePod, 40_000) && opened.remote == Self.end(Role.server, 443))
            #expect(opened.egress == Self.end(Role.egress, 40_000) && opened.peer == Role.otherNode && opened.policy == Role.policy)
            var now = timespec()
            clock_gettime(CLOCK_REALTIME, &now)
            #expect(abs(opened.time / 1_000_000 - Int64(now.tv_sec)) <= 2)

            var late = world.request
            late.destinationPort = 444
            late.payload = .tcp(flags: Packet.ack)
            #expect(try world.run(world.requestHook, late).drops == ["no_flow": 1])
            let dropped = try #require(heard.wait(2).last)
            #expect(dropped.kind == .dropped && dropped.reason == 3 && dropped.peer == Role.otherNode && dropped.entry == Role.localEntry)
            #expect(dropped.source == Self.end(Role.remotePod, 40_000) && dropped.remote == Self.end(Role.server, 444))
            #expect(dropped.policy == Role.policy)

            try Self.collectAll(world)
            let closed = try #require(heard.wait(3).last)
            #expect(closed.kind == .closed && closed.egress == opened.egress && closed.source == opened.source)
            #expect(heard.all.count == 3 && heard.lost == 0)
        }
    }

    @Test func `a connection of a pod here says its interface, by whichever gateway it leaves`() async throws {
        try await World.with { world in
            let heard = Heard()
            let watch = try world.datapath.watchEvents(heard.take)
            defer { watch.end() }
            try world.run(.podSends, world.fromPod)
            let away = try #require(heard.wait(1).first)
            #expect(away.kind == .opened && away.interfaceIndex == world.podIndex && away.egress == nil && away.peer == Role.otherNode)
            #expect(away.source == Self.end(Role.pod, 40_000) && away.policy == Role.policy && away.entry == Role.remoteEntry)

            try Self.local(world)
            var other = world.fromPod
            other.sourcePort = 40_001
            try world.run(.podSends, other)
            let here = try #require(heard.wait(2).last)
            #expect(here.kind == .opened && here.interfaceIndex == world.podIndex && here.egress == Self.end(Role.egress, 40_001))

            var forged = world.fromPod
            forged.source = Role.otherPod
            try world.run(.podSends, forged)
            let dropped = try #require(heard.wait(3).last)
            #expect(dropped.kind == .dropped && dropped.reason == 2 && dropped.interfaceIndex == world.podIndex)
            #expect(dropped.policy == Role.policy && dropped.source == Self.end(Role.otherPod, 40_000))

            try Self.collectAll(world)
            #expect(heard.wait(5).suffix(2).map(\.kind) == [.closed, .closed])
            #expect(Set(heard.all.suffix(2).map(\.egress)) == [nil, here.egress])
        }
    }

    @Test func `a packet that nobody asked for is told with the egress address`() async throws {
        try await World.with { world in
            let heard = Heard()
            let watch = try world.datapath.watchEvents(heard.take)
            defer { watch.end() }
            try world.run(.uplink, Packet(source: Role.server, destination: Role.egress, sourcePort: 443, destinationPort: 5555))
            let dropped = try #require(heard.wait(1).first)
            #expect(dropped.reason == 20 && dropped.remote == Self.end(Role.server, 443) && dropped.egress == Self.end(Role.egress, 5555))
            #expect(dropped.source == nil && dropped.interfaceIndex == 0)
            let traffic = try world.datapath.traffic(names: FlowNames(node: "node-1"))
            #expect(traffic.egressIPs.first { $0.address == Role.egress }?.dropped.packets == 1)
        }
    }

    @Test func `nothing is written while nobody watches, and only one may watch`() async throws {
        try await World.with { world in
            try world.run(world.requestHook, world.request)
            let heard = Heard()
            let watch = try world.datapath.watchEvents(heard.take)
            #expect(throws: DatapathError.self) { try world.datapath.watchEvents(heard.take) }
            #expect(try Self.isWatched(world))
            watch.end()
            #expect(try !Self.isWatched(world))
            var other = world.request
            other.sourcePort = 40_007
            try world.run(world.requestHook, other)
            let again = try world.datapath.watchEvents(heard.take)
            other.sourcePort = 40_008
            try world.run(world.requestHook, other)
            #expect(heard.wait(1).map { $0.source?.port } == [40_008])
            again.end()
        }
    }

    @Test func `events that have no room are counted as lost, and packets go on`() async throws {
        try await World.with { world in
            let heard = Heard()
            let isHeld = Mutex(true)
            let watch = try world.datapath.watchEvents { events, lost in
                while isHeld.withLock(\.self) { usleep(1000) }
                heard.take(events, lost)
            }
            let total = 4000
            for number in 0..<total {
                var packet = world.request
                packet.sourcePort = 20_000 + UInt16(number)
                #expect(try world.run(world.requestHook, packet).verdict == World.Outcome.redirect)
            }
            isHeld.withLock { $0 = false }
            for _ in 0..<300 where heard.all.count + Int(heard.lost) < total { usleep(10_000) }
            var last = world.request
            last.sourcePort = 30_000
            try world.run(world.requestHook, last)
            for _ in 0..<300 where heard.all.count + Int(heard.lost) < total + 1 { usleep(10_000) }
            #expect(heard.lost > 0 && heard.all.count + Int(heard.lost) == total + 1, "\(heard.all.count) + \(heard.lost)")
            watch.end()
        }
    }

    @Test func `connections that the helper ends with an entry or a pod are told as closed`() async throws {
        try await World.with { world in
            try world.run(world.requestHook, world.request)
            try world.run(.podSends, world.fromPod)
            let heard = Heard()
            let watch = try world.datapath.watchEvents(heard.take)
            defer { watch.end() }
            try world.execute(.removeEntry(id: Role.localEntry))
            try world.execute(.forgetTranslations(entry: Role.localEntry))
            let first = try #require(heard.wait(1).first)
            #expect(first.kind == .closed && first.egress == Self.end(Role.egress, 40_000) && first.peer == Role.otherNode)
            try world.execute(.removePod(interfaceIndex: world.podIndex))
            try world.execute(.forgetFlows(interfaceIndex: world.podIndex))
            let second = try #require(heard.wait(2).last)
            #expect(second.kind == .closed && second.interfaceIndex == world.podIndex && second.source == Self.end(Role.pod, 40_000))
            #expect(second.egress == nil && second.policy == Role.policy)
        }
    }

    @Test func `IPv6 is told, listed, counted and traced the same`() async throws {
        try await World.with { world in
            let address = { (text: String) in try #require(IPAddress(text)) }
            let (pod, remote, egress) = (try address("2001:db8:1::5"), try address("2001:db8:ffff::9"), try address("2001:db8:2::10"))
            try world.execute(
                .setPod(interfaceIndex: world.podIndex, PodRecord(ipv4: Role.pod, ipv6: pod, set: Role.set, deliverIndex: world.podIndex)))
            let key = ChoiceKey(interfaceIndex: world.podIndex, policy: Role.policy, family: .ipv6)
            let choice = GatewayChoice(onNoGateway: .drop, ranked: [.init(entry: Role.localEntry, gateway: Role.thisNode)])
            try world.execute(.setChoice(key, choice))
            try world.execute(
                .setEntry(
                    id: Role.localEntry,
                    EntryRecord(
                        egressIPv4: [Role.egress], egressIPv6: [egress], set: Role.set, interfaceIndex: nil, policy: Role.policy,
                        keptPorts: 1024...65535, portSlice: 32768...65535, isShared: false)))
            try world.execute(.setEgressAddress(egress, EgressAddressRecord(isShared: false)))
            let heard = Heard()
            let watch = try world.datapath.watchEvents(heard.take)
            defer { watch.end() }
            let request = TraceRequest(
                origin: .pod(namespace: "default", name: "web"), destination: Endpoint(remote, 443), sourcePort: 40_000)
            let probe = TraceProbe(.pod(interfaceIndex: world.podIndex, source: pod), request)
            let traced = try world.datapath.trace(probe, names: Self.names(world))
            #expect(traced.steps.contains { $0.detail == "port claimed: [2001:db8:2::10]:40000 to [2001:db8:ffff::9]:443" }, "\(traced)")
            // There is no way to it here; the translation is made before that shows.
            let real = try world.run(.podSends, TraceFrame(probe, token: []).bytes)
            #expect(real.drops == ["no_route": 1] && traced.code == .drop(19))
            let told = heard.wait(2)
            #expect(told.map(\.kind) == [.opened, .dropped])
            #expect(told.first?.source == Endpoint(pod, 40_000) && told.first?.remote == Endpoint(remote, 443))
            #expect(told.first?.egress == Endpoint(egress, 40_000) && told.last?.reason == 19 && told.last?.remote == Endpoint(remote, 443))
            let listed = try world.datapath.translations(TranslationQuery(), names: Self.names(world)).translations
            #expect(listed.map(\.egress) == [Endpoint(egress, 40_000)] && listed.first?.pod?.name == "web")
            #expect(try world.datapath.portUse(PortQuery(egressIP: egress)).map(\.used) == [1])
            try world.execute(.setPolicy(slot: Role.policy, uid: "uid-1"))
            #expect(try world.datapath.traffic(names: Self.names(world)).policies.first?.dropped.packets == 1)
        }
    }

    @Test func `living translations are listed with state, age and names`() async throws {
        try await World.with { world in
            try world.run(world.requestHook, world.request)
            try Self.local(world)
            try world.run(.podSends, world.fromPod)
            var answer = Packet(source: Role.server, destination: Role.egress, sourcePort: 443, destinationPort: 40_000)
            answer.payload = .tcp(flags: Packet.syn | Packet.ack)
            try world.run(.uplink, answer)
            let names = Self.names(world)
            let list = try world.datapath.translations(TranslationQuery(), names: names)
            #expect(list.total == 2)
            let here = try #require(list.translations.first { $0.podNode == "node-1" })
            let away = try #require(list.translations.first { $0.podNode == "node-2" })
            #expect(here.pod?.name == "web" && here.policy == "sample" && here.source == Self.end(Role.pod, 40_000))
            #expect(away.pod == nil && away.policy == "sample" && away.source == Self.end(Role.remotePod, 40_000))
            // The same remote: the second had to take another port.
            #expect(here.egress.port != away.egress.port && here.egress.address == Role.egress)
            #expect(Set([here.state, away.state]) == [.opening, .established])
            #expect(here.idleSeconds <= 1 && (0...1).contains(here.ageSeconds ?? -1))

            let filter = ConnectionFilter(namespace: "default", pod: "web")
            #expect(try world.datapath.translations(TranslationQuery(filter: filter), names: names).translations == [here])
            let first = try world.datapath.translations(TranslationQuery(limit: 1), names: names)
            #expect(first.translations == Array(list.translations.prefix(1)) && first.total == 2)
        }
    }

    @Test func `ports are counted by egress IP and remote, with what is free and what was refused`() async throws {
        try await World.with { world in
            try world.setEntry(kept: 1024...1024, slice: 32768...32775)
            for number in 0..<10 {
                var packet = world.request
                packet.sourcePort = 40_000 + UInt16(number)
                try world.run(world.requestHook, packet)
            }
            var other = world.request
            other.destination = Role.otherServer
            other.payload = .udp()
            try world.run(world.requestHook, other)
            let uses = try world.datapath.portUse(PortQuery())
            let full = try #require(uses.first)
            #expect(full.used == 8 && full.free == 1 && full.capacity == 9 && full.refused == 2, "\(uses)")
            #expect(full.egressIP == Role.egress && full.remote == Self.end(Role.server, 443) && full.transport == .tcp)
            #expect(uses.count == 2 && uses.last?.used == 1 && uses.last?.transport == .udp && uses.last?.refused == 0)
            #expect(try world.datapath.portUse(PortQuery(remote: Role.otherServer)).map(\.used) == [1])
            #expect(try world.datapath.portUse(PortQuery(egressIP: Role.sharedEgress)).isEmpty)
        }
    }

    @Test func `counters say what each policy and each egress IP did`() async throws {
        try await World.with { world in
            try world.execute(.setPolicy(slot: Role.policy, uid: "uid-1"))
            func traffic() throws -> (PolicyTraffic, AddressTraffic) {
                let report = try world.datapath.traffic(names: Self.names(world))
                return (try #require(report.policies.first), try #require(report.egressIPs.first { $0.address == Role.egress }))
            }
            try world.run(.podSends, world.fromPod)
            try world.run(.podSends, Self.again(world.fromPod))
            var (policy, address) = try traffic()
            #expect(policy.policy == "sample" && policy.uid == "uid-1")
            #expect(policy.tunnelled.packets == 2 && policy.translated.packets == 0 && address.translated.packets == 0)
            let length = UInt64(world.fromPod.frame.count)
            #expect(policy.tunnelled.bytes == 2 * length)

            for _ in 0..<2 { try world.run(world.requestHook, world.request) }
            try world.run(world.requestHook, Self.again(world.request))
            var answer = Packet(source: Role.server, destination: Role.egress, sourcePort: 443, destinationPort: 40_000)
            answer.payload = .tcp(flags: Packet.syn | Packet.ack)
            try world.run(.uplink, answer)
            var unwanted = Self.again(world.request)
            unwanted.destinationPort = 9
            try world.run(world.requestHook, unwanted)
            (policy, address) = try traffic()
            #expect(policy.translated.packets == 3 && address.translated.packets == 3)
            #expect(policy.reversed.packets == 1 && address.reversed.packets == 1 && policy.dropped.packets == 1)

            try world.execute(.removePolicy(slot: Role.policy))
            try world.execute(.setPolicy(slot: Role.policy, uid: "uid-2"))
            #expect(try traffic().0 == PolicyTraffic(policy: "sample", uid: "uid-2"))
            try world.execute(.removeEgressAddress(Role.egress))
            try world.execute(.setEgressAddress(Role.egress, EgressAddressRecord(isShared: false)))
            #expect(try traffic().1 == AddressTraffic(address: Role.egress))
            // Writing it again isn't a new address.
            try world.run(world.requestHook, world.request)
            try world.execute(.setEgressAddress(Role.egress, EgressAddressRecord(isShared: false)))
        }
    }

    private static func again(_ packet: Packet) -> Packet {
        var later = packet
        later.payload = .tcp(flags: Packet.ack)
        return later
    }

    static func names(_ world: World) -> FlowNames {
        var names = FlowNames(node: "node-1")
        names.pods = [world.podIndex: ObjectReference(kind: "Pod", namespace: "default", name: "web")]
        names.policies = [Role.policy: FlowNames.PolicyName(name: "sample", uid: "uid-1")]
        names.nodes = [Role.thisNode: "node-1", Role.otherNode: "node-2"]
        return names
    }

    private static func isWatched(_ world: World) throws -> Bool {
        try world.datapath.withLoaded { try $0.tables.config.value(0)?.watched } != 0
    }

    /// Two rounds of the collector at a time when all have timed out.
    static func collectAll(_ world: World) throws {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC_COARSE, &now)
        for _ in 0..<2 { _ = try world.datapath.withLoaded { try $0.collectGarbage(now: UInt32(now.tv_sec) + 8000) } }
    }
}
