import EgressModel
import EgressPolicy
import EngineSamples
import TestRandom
import Testing

@Suite struct EgressAddressChoiceTests {
    /// Pods as clusters number them: one after the other, in ranges of several nodes.
    private static let pods = (0..<10_000).map { IPAddress(ipv4: 0x0AF4_0000 + UInt32($0 / 100) << 8 + UInt32($0 % 100) + 2) }
    private static let pods6 = (0..<10_000).map { IPAddress(ipv6: 0xFD00_0000_0000_0000_0000_0000_0000_0000 + UInt128($0)) }

    private static func addresses(_ count: Int, _ family: IPFamily = .ipv4) -> [IPAddress] {
        (0..<count).map {
            family == .ipv4
                ? IPAddress(ipv4: 0xCB00_710A + UInt32($0)) : IPAddress(ipv6: 0x2001_0DB8_0000_0000_0000_0000_0000_000A + UInt128($0))
        }
    }

    private static func chosen(_ pods: [IPAddress], _ addresses: [IPAddress]) throws -> [IPAddress] {
        try pods.map { try #require(EgressAddressChoice.address(for: $0, of: addresses)) }
    }

    @Test(
        arguments: [
            ("10.244.1.7", "203.0.113.11"), ("10.244.1.8", "203.0.113.12"), ("10.244.2.7", "203.0.113.10"), ("fd00::7", "2001:db8::c"),
            ("fd00::8", "2001:db8::c"),
        ] as [(IPAddress, IPAddress)])
    /// Worked out by hand from the definition in `egress_abi.h`, apart from the code.
    func `the choice is this one in every version`(pod: IPAddress, address: IPAddress) {
        #expect(EgressAddressChoice.address(for: pod, of: Self.addresses(3, pod.family)) == address)
    }

    @Test func `none of none, and the only one for everybody`() throws {
        #expect(EgressAddressChoice.address(for: "10.244.1.7", of: []) == nil)
        try #expect(Set(Self.chosen(Self.pods, ["203.0.113.10"])) == ["203.0.113.10"])
    }

    @Test func `order and repetition of the addresses make no difference`() {
        var chance = SeededRandom(seed: 4)
        for _ in 0..<500 {
            let family = chance.pick(IPFamily.allCases)
            let pod = chance.pick(family == .ipv4 ? Self.pods : Self.pods6)
            let addresses = Self.addresses(Int.random(in: 1...20, using: &chance), family)
            let mixed = (addresses + addresses.filter { _ in chance.oneIn(3) }).shuffled(using: &chance)
            let expected = EgressAddressChoice.address(for: pod, of: addresses)
            #expect(EgressAddressChoice.address(for: pod, of: mixed) == expected, "\(pod) of \(mixed)")
        }
    }

    @Test(arguments: IPFamily.allCases, [2, 3, 5, 8, 15])
    func `an address that comes takes its share of the pods, and only to itself`(family: IPFamily, count: Int) throws {
        let pods = family == .ipv4 ? Self.pods : Self.pods6
        let all = Self.addresses(count + 1, family)
        for new in [all[0], all[count / 2], all[count]] {
            let before = try Self.chosen(pods, all.filter { $0 != new })
            let after = try Self.chosen(pods, all)
            let moved = zip(before, after).filter { $0 != $1 }
            #expect(moved.allSatisfy { $0.1 == new })
            let share = Double(pods.count) / Double(count + 1)
            #expect(abs(Double(moved.count) - share) < 0.15 * share, "\(moved.count) of \(pods.count) went to \(new) of \(count + 1)")
        }
    }

    @Test(arguments: IPFamily.allCases, 2...16)
    func `the pods are spread evenly`(family: IPFamily, count: Int) throws {
        let pods = family == .ipv4 ? Self.pods : Self.pods6
        let counts = Dictionary(grouping: try Self.chosen(pods, Self.addresses(count, family)), by: \.self).mapValues(\.count)
        let share = Double(pods.count) / Double(count)
        #expect(counts.count == count)
        for (address, pods) in counts { #expect(abs(Double(pods) - share) < 0.15 * share, "\(address) has \(pods) of \(share)") }
    }

    @Test func `of more than sixteen the lowest sixteen are used, in whatever order they come`() throws {
        let many = Self.addresses(40)
        #expect(EgressAddressChoice.usable(many.reversed() + many) == Array(many.prefix(16)))
        try #expect(Self.chosen(Self.pods, many.reversed()) == Self.chosen(Self.pods, Array(many.prefix(16))))
    }
}
