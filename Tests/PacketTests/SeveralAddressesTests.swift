import CEgressABI
import EgressModel
import EgressPlan
import EgressPolicy
import TestKit
import Testing

@testable import BPFDatapath

@Suite("An entry with several egress addresses", .requires(.packet))
struct SeveralAddressesTests {
    /// As strategies answer them, one after the other, and in no order.
    private static func addresses(_ count: Int) -> [IPAddress] {
        (0..<count).map { Role.address(203, 0, 113, UInt8(20 + $0)) }.shuffled()
    }

    private static func pod(_ number: Int) -> IPAddress { Role.address(10, 1, 1, UInt8(10 + number)) }

    private static func packet(_ world: World, _ pod: IPAddress, flags: UInt8 = Packet.syn, port: UInt16 = 40000) -> Packet {
        var packet = world.request
        packet.source = pod
        packet.sourcePort = port
        packet.payload = .tcp(flags: flags)
        return packet
    }

    /// Opens a connection of each of 40 pods; the address that each leaves by.
    private static func open(_ world: World) throws -> [IPAddress: IPAddress] {
        let pairs = try (0..<40).map { number in
            let out = try world.run(world.requestHook, packet(world, pod(number)))
            #expect(out.verdict == World.Outcome.redirect)
            return (pod(number), out.frame.source)
        }
        return Dictionary(uniqueKeysWithValues: pairs)
    }

    @Test(arguments: [1, 2, 3, 15, 16])
    func `the program chooses what the engine says`(count: Int) async throws {
        try await World.with { world in
            try world.execute(.setNode(Role.otherNode, NodeRecord()))
            var wrong: [String] = []
            for round in 0..<5 {
                let addresses =
                    round == 0 ? Self.addresses(count) : (0..<count).map { _ in IPAddress(ipv4: .random(in: 0x0B00_0000..<0x7F00_0000)) }
                try world.setEntry(addresses: addresses)
                for _ in 0..<40 {
                    let pod = IPAddress(ipv4: .random(in: 0x0A00_0000...0x0AFF_FFFF))
                    let out = try world.run(world.requestHook, Self.packet(world, pod))
                    if out.frame.source != EgressAddressChoice.address(for: pod, of: addresses) {
                        wrong.append("\(pod) of \(addresses): \(out.frame.source) \(out.drops)")
                    }
                }
            }
            #expect(wrong == [])
        }
    }

    @Test func `a pod of the gateway itself has its own of them too, and answers come back by each`() async throws {
        try await World.with { world in
            let addresses = Self.addresses(16)
            try world.setEntry(addresses: addresses)
            for address in addresses { try world.execute(.setEgressAddress(address, EgressAddressRecord(isShared: false))) }
            try world.choose([(Role.localEntry, Role.thisNode)])
            try #expect(world.run(.podSends, world.fromPod).frame.source == EgressAddressChoice.address(for: Role.pod, of: addresses))
            var used: Set<IPAddress> = []
            for number in 0..<40 {
                let out = try world.run(world.requestHook, Self.packet(world, Self.pod(number), port: 41000 + UInt16(number))).frame
                used.insert(out.source)
                let answer = Packet(
                    source: Role.server, destination: out.source, sourcePort: 443, destinationPort: out.sourcePort,
                    payload: .tcp(flags: Packet.syn | Packet.ack))
                let back = try world.run(.uplink, answer).frame
                #expect(back.destination == Self.pod(number))
                #expect(back.destinationPort == 41000 + UInt16(number))
            }
            #expect(used.count > 8)
        }
    }

    @Test func `an address that is added moves no living connection, and takes new ones`() async throws {
        try await World.with { world in
            let all = Self.addresses(4)
            try world.setEntry(addresses: Array(all.dropLast()))
            let opened = try Self.open(world)
            let halves = try world.forwardHalves().count
            try world.setEntry(addresses: all)
            try world.execute(.forgetTranslations(entry: Role.localEntry))
            try #expect(world.forwardHalves().count == halves)
            var moved = 0
            for (pod, address) in opened {
                let goesOn = try world.run(world.requestHook, Self.packet(world, pod, flags: Packet.ack))
                #expect(goesOn.frame.source == address)
                let another = try world.run(world.requestHook, Self.packet(world, pod, port: 40001)).frame.source
                #expect(another == EgressAddressChoice.address(for: pod, of: all))
                moved += another == address ? 0 : 1
            }
            #expect(moved > 0)
        }
    }

    @Test(arguments: [false, true])
    func `an address that is taken away ends its own connections and no other`(afterForgetting: Bool) async throws {
        try await World.with { world in
            let all = Self.addresses(3)
            try world.setEntry(addresses: all)
            let opened = try Self.open(world)
            let left = Array(all.dropLast())
            try world.setEntry(addresses: left)
            if afterForgetting {
                try world.execute(.forgetTranslations(entry: Role.localEntry))
                try #expect(world.forwardHalves().count == opened.values.count { left.contains($0) })
                try #expect(world.reverseHalves().count == opened.values.count { left.contains($0) })
            }
            #expect(Set(opened.values) == Set(all))
            for (pod, address) in opened {
                let out = try world.run(world.requestHook, Self.packet(world, pod, flags: Packet.ack))
                if left.contains(address) {
                    #expect(out.frame.source == address)
                } else {
                    #expect(out.drops == ["no_flow": 1])
                    let again = try world.run(world.requestHook, Self.packet(world, pod))
                    #expect(again.frame.source == EgressAddressChoice.address(for: pod, of: left))
                }
            }
            try #expect(world.forwardHalves().count == opened.count)
            try #expect(world.reverseHalves().count == opened.count)
        }
    }

    @Test func `two addresses have twice the ports of one`() async throws {
        try await World.with { world in
            let all = Self.addresses(2)
            let pods = (0..<40).map { Self.pod($0) }
            let first = try #require(pods.first)
            let second = try #require(
                pods.first { EgressAddressChoice.address(for: $0, of: all) != EgressAddressChoice.address(for: first, of: all) })
            func served() throws -> Int {
                try (0..<16).count { number in
                    let pod = number < 8 ? first : second
                    let packet = Self.packet(world, pod, port: 1000 + UInt16(number))
                    return try world.run(world.requestHook, packet).verdict == World.Outcome.redirect
                }
            }
            try world.setEntry(addresses: [all[0]], kept: 50000...50007, slice: 50000...50007)
            try #expect(served() == 8)
            try world.execute(.removeEntry(id: Role.localEntry))
            try world.execute(.forgetTranslations(entry: Role.localEntry))
            try world.setEntry(addresses: all, kept: 50000...50007, slice: 50000...50007)
            try #expect(served() == 16)
            var seventeenth = Self.packet(world, second, port: 2000)
            try #expect(world.run(world.requestHook, seventeenth).drops == ["no_port": 1])
            seventeenth.destination = Role.otherServer
            try #expect(world.run(world.requestHook, seventeenth).verdict == World.Outcome.redirect)
        }
    }

    @Test func `sixteen fit, in Swift as in C, and an entry without any drops`() async throws {
        #expect(EgressAddressChoice.limit == Int(EGRESS_ENTRY_ADDRESSES))
        try await World.with { world in
            try world.setEntry(addresses: Self.addresses(16))
            try #expect(world.datapath.actualState().entries[Role.localEntry]?.egressIPv4 == Self.addresses(16).sorted())
            #expect(throws: DatapathError.self) { try world.setEntry(addresses: Self.addresses(17)) }
            try world.setEntry(addresses: [])
            try #expect(world.run(world.requestHook, world.request).drops == ["no_egress_ip": 1])
        }
    }
}
