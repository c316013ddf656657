import EgressModel

/// Pods' addresses outside all ranges of pods: each is a range of its own inside the cluster.
struct StrayPods: Sendable {
    /// What is inside the cluster whatever pods there are, sorted.
    let ranges: [InClusterRange]
    private var pods: [IPPrefix: Int] = [:]

    /// `snapshot`: its pods don't count.
    init(_ snapshot: ClusterSnapshot, _ known: KnownRanges) { ranges = InClusterRange.withoutPods(in: snapshot, known) }

    var all: [InClusterRange] { InClusterRange.eachOnce(ranges + pods.keys.map { InClusterRange($0, .pod) }) }

    /// Prefixes that are inside now and weren't before.
    mutating func enter(_ pod: Pod, _ known: KnownRanges) -> [IPPrefix] {
        Self.strays(pod, known).filter { prefix in
            pods[prefix, default: 0] += 1
            return pods[prefix] == 1
        }
    }

    /// Prefixes that no pod has any more.
    mutating func leave(_ pod: Pod, _ known: KnownRanges) -> [IPPrefix] {
        Self.strays(pod, known).filter { prefix in
            pods[prefix] = pods[prefix].flatMap { $0 > 1 ? $0 - 1 : nil }
            return pods[prefix] == nil
        }
    }

    private static func strays(_ pod: Pod, _ known: KnownRanges) -> [IPPrefix] {
        guard !pod.isHostNetwork, !pod.isFinished else { return [] }
        return pod.addresses.filter { !known.holdsPod($0) }.map(IPPrefix.init(host:))
    }

    /// Puts what is true of the prefix now into the list.
    func update(_ prefix: IPPrefix, in list: inout [InClusterRange]) {
        let position = Self.position(of: prefix, ranges)
        let fixed = position < ranges.count && ranges[position].prefix == prefix ? [ranges[position]] : []
        let truth = InClusterRange.eachOnce(fixed + (pods[prefix] == nil ? [] : [InClusterRange(prefix, .pod)]))
        let place = Self.position(of: prefix, list)
        if place < list.count, list[place].prefix == prefix { list.remove(at: place) }
        list.insert(contentsOf: truth, at: place)
    }

    private static func position(of prefix: IPPrefix, _ list: [InClusterRange]) -> Int {
        var (low, high) = (0, list.count)
        while low < high {
            let middle = (low + high) / 2
            if list[middle].prefix < prefix { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
