// SPDX-License-Identifier: Apache-2.0

/// `net.ipv4.ip_local_reserved_ports`: ports that the kernel gives to no socket that didn't ask for them by number.
struct ReservedPorts: Equatable {
    /// Sorted, disjoint, not adjacent.
    private(set) var ranges: [ClosedRange<UInt16>]

    /// Reads `8080,9000-9010`; `nil` for anything else.
    init?(_ text: String) {
        var read: [ClosedRange<UInt16>] = []
        for part in text.split(separator: ",") {
            let bounds = part.split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0) }
            guard (1...2).contains(bounds.count), let lower = bounds.first ?? nil, let upper = bounds.last ?? nil, lower <= upper
            else { return nil }
            read.append(lower...upper)
        }
        ranges = Self.joined(read)
    }

    mutating func insert(_ range: ClosedRange<UInt16>) { ranges = Self.joined(ranges + [range]) }

    var text: String {
        ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ",")
    }

    private static func joined(_ ranges: [ClosedRange<UInt16>]) -> [ClosedRange<UInt16>] {
        var joined: [ClosedRange<UInt16>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = joined.last, Int(range.lowerBound) <= Int(last.upperBound) + 1 {
                joined[joined.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                joined.append(range)
            }
        }
        return joined
    }
}
