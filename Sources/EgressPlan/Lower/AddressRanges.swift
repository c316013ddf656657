import EgressModel

/// Addresses of one family as sorted, disjoint ranges that don't touch.
struct AddressRanges: Hashable {
    private(set) var ranges: [ClosedRange<UInt128>] = []

    /// What prefixes claim where the longest decides: prefixes are nested or disjoint, so going from wide to narrow each
    /// one overrules what is there.
    static func claimed(_ prefixes: [(prefix: IPPrefix, claims: Bool)]) -> AddressRanges {
        var result = AddressRanges()
        for (_, same) in Dictionary(grouping: prefixes, by: \.prefix.length).sorted(by: { $0.key < $1.key }) {
            result.subtract(AddressRanges(same.filter { !$0.claims }.map(\.prefix)))
            result.formUnion(AddressRanges(same.filter(\.claims).map(\.prefix)))
        }
        return result
    }

    init() {}

    init(_ prefixes: [IPPrefix]) {
        append(prefixes.map { $0.address.bits...$0.last.bits }.sorted { $0.lowerBound < $1.lowerBound })
    }

    mutating func formUnion(_ other: AddressRanges) {
        guard !other.ranges.isEmpty else { return }
        let both = (ranges + other.ranges).sorted { $0.lowerBound < $1.lowerBound }
        ranges = []
        append(both)
    }

    mutating func subtract(_ other: AddressRanges) {
        guard !other.ranges.isEmpty else { return }
        var kept: [ClosedRange<UInt128>] = []
        var next = 0
        for range in ranges {
            var low = range.lowerBound
            var isUsedUp = false
            while next < other.ranges.count, other.ranges[next].upperBound < low { next += 1 }
            var hole = next
            while hole < other.ranges.count, other.ranges[hole].lowerBound <= range.upperBound {
                if other.ranges[hole].lowerBound > low { kept.append(low...(other.ranges[hole].lowerBound - 1)) }
                guard other.ranges[hole].upperBound < range.upperBound else {
                    isUsedUp = true
                    break
                }
                low = max(low, other.ranges[hole].upperBound + 1)
                hole += 1
            }
            if !isUsedUp { kept.append(low...range.upperBound) }
        }
        ranges = kept
    }

    /// The same as addresses of a family.
    func addresses(_ family: IPFamily) -> [ClosedRange<IPAddress>] {
        ranges.map { address($0.lowerBound, family)...address($0.upperBound, family) }
    }

    private func address(_ bits: UInt128, _ family: IPFamily) -> IPAddress {
        family == .ipv4 ? IPAddress(ipv4: UInt32(truncatingIfNeeded: bits)) : IPAddress(ipv6: bits)
    }

    /// Adds ranges that begin in ascending order, and joins what overlaps or touches.
    private mutating func append(_ sorted: [ClosedRange<UInt128>]) {
        for range in sorted {
            if let last = ranges.last, range.lowerBound <= last.upperBound || range.lowerBound - last.upperBound == 1 {
                ranges[ranges.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                ranges.append(range)
            }
        }
    }
}
