/// A release of Cilium, as far as its egress gateway goes.
///
/// 1.12 is the first with `CiliumEgressGatewayPolicy` of `cilium.io/v2`; ``known`` ends with the last one that was looked at.
public struct CiliumVersion: Sendable, Hashable {
    public let minor: Int
    /// `nil`: the latest patch of that minor release.
    public let patch: Int?

    /// Every release that ``init(_:)`` takes, without patches.
    public static let known = range.map { "1.\($0)" }
    private static let range = 12...20

    public static let latest = CiliumVersion(minor: range.upperBound)

    init(minor: Int, patch: Int? = nil) {
        self.minor = minor
        self.patch = patch
    }

    /// Reads `1.18`, `v1.18` or `1.18.3`; `nil` for text of another form, and for releases that aren't known here.
    public init?(_ text: String) {
        let parts = (text.hasPrefix("v") ? text.dropFirst() : text[...]).split(separator: ".", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { part -> Int? in
            (1...4).contains(part.utf8.count) && part.utf8.allSatisfy { (48...57).contains($0) } ? Int(part) : nil
        }
        guard numbers.count == parts.count, (2...3).contains(numbers.count), numbers[0] == 1, Self.range.contains(numbers[1]) else {
            return nil
        }
        self.init(minor: numbers[1], patch: numbers.count == 3 ? numbers[2] : nil)
    }
}

extension CiliumVersion: CustomStringConvertible {
    public var description: String { "1.\(minor)" + (patch.map { ".\($0)" } ?? "") }
}
