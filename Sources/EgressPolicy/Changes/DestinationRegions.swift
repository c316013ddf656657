import EgressModel

/// Cuts all destinations into the regions in which one rule decides before a change and one after it.
///
/// Each prefix of either side stands for itself without the longer ones inside of it. One that is covered by them, or that is
/// inside the cluster, has no packet left and is no region. Pods with the same prefixes share the work.
struct DestinationRegions {
    struct Region: Sendable {
        var prefix: IPPrefix
        /// Offsets of the rules that decide; `nil`: none does.
        var before: Int?
        var after: Int?
    }

    /// What decides which prefixes a pod's rules have: the policies that select it, and its families.
    private struct Key: Hashable {
        private let before: [String]
        private let after: [String]
        private let families: UInt8

        init(_ old: ResolvedPod?, _ new: ResolvedPod?) {
            before = old?.policies ?? []
            after = new?.policies ?? []
            families = Self.families(old) << 4 | Self.families(new)
        }

        private static func families(_ pod: ResolvedPod?) -> UInt8 {
            (pod?.pod.addresses ?? []).reduce(0) { $0 | ($1.family == .ipv4 ? 1 : 2) }
        }
    }

    private let ranges: (before: Set<IPPrefix>, after: Set<IPPrefix>)
    /// Ranges of one side only: what is in them changes without any rule.
    private let moved: Set<IPPrefix>
    /// Inside the cluster on both sides.
    private let inside: DisjointPrefixes
    private var cache: [Key: [Region]] = [:]

    init(_ before: [InClusterRange], _ after: [InClusterRange]) {
        let (old, new) = (Set(before.map(\.prefix)), Set(after.map(\.prefix)))
        ranges = (old, new)
        moved = old.symmetricDifference(new)
        inside = DisjointPrefixes(old.intersection(new))
    }

    /// Whether the same rules may mean something else after the change.
    var rangesMoved: Bool { !moved.isEmpty }

    mutating func regions(_ old: ResolvedPod?, _ new: ResolvedPod?) -> [Region] {
        let key = Key(old, new)
        if let known = cache[key] { return known }
        let regions = regions(before: old?.rules.map(\.prefix) ?? [], after: new?.rules.map(\.prefix) ?? [])
        cache[key] = regions
        return regions
    }

    private func regions(before: [IPPrefix], after: [IPPrefix]) -> [Region] {
        let prefixes = Set(before).union(after).union(moved).sorted { ($0.family, $0) < ($1.family, $1) }
        return prefixes.filter { prefix in
            let longer = prefixes.filter { $0.length > prefix.length && prefix.contains($0) }
            return !inside.cover(prefix, with: longer)
        }.map { prefix in
            Region(
                prefix: prefix, before: Self.contains(ranges.before, prefix) ? nil : Self.longest(before, prefix),
                after: Self.contains(ranges.after, prefix) ? nil : Self.longest(after, prefix))
        }
    }

    /// Offset of the longest prefix that holds all of `prefix`.
    private static func longest(_ prefixes: [IPPrefix], _ prefix: IPPrefix) -> Int? {
        prefixes.indices.filter { prefixes[$0].contains(prefix) }.max { prefixes[$0].length < prefixes[$1].length }
    }

    private static func contains(_ ranges: Set<IPPrefix>, _ prefix: IPPrefix) -> Bool {
        (0...prefix.length).contains { length in IPPrefix(prefix.address, length: length).map { ranges.contains($0) } ?? false }
    }
}

/// Prefixes without those that lie in others, by family and address, to be asked what they cover.
struct DisjointPrefixes {
    private let byFamily: [IPFamily: [IPPrefix]]

    init(_ prefixes: some Sequence<IPPrefix>) {
        var byFamily: [IPFamily: [IPPrefix]] = [:]
        for prefix in prefixes.sorted() {
            // By address, wider first: whatever lies in another one comes right behind it.
            if let last = byFamily[prefix.family]?.last, last.contains(prefix) { continue }
            byFamily[prefix.family, default: []].append(prefix)
        }
        self.byFamily = byFamily
    }

    /// Whether these and `others` together hold every address of the prefix.
    func cover(_ prefix: IPPrefix, with others: [IPPrefix]) -> Bool {
        let own = byFamily[prefix.family] ?? []
        var next = prefix.address
        while true {
            guard let holder = Self.holder(of: next, in: own) ?? others.first(where: { $0.contains(next) }) else { return false }
            if holder.last >= prefix.last { return true }
            // Below the prefix's last address, so there is a next one.
            next =
                prefix.family == .ipv4
                ? IPAddress(ipv4: UInt32(truncatingIfNeeded: holder.last.bits &+ 1)) : IPAddress(ipv6: holder.last.bits &+ 1)
        }
    }

    private static func holder(of address: IPAddress, in prefixes: [IPPrefix]) -> IPPrefix? {
        var (low, high) = (0, prefixes.count)
        while low < high {
            let middle = low + (high - low) / 2
            if prefixes[middle].address <= address { low = middle + 1 } else { high = middle }
        }
        return low > 0 && prefixes[low - 1].contains(address) ? prefixes[low - 1] : nil
    }
}
