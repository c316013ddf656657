/// What tells our nft table from what somebody made of it: the numbers that the kernel gave to the table, its chains and its
/// rules, in their order. It gives none twice, so a table that was made anew has another, also one with the same rules.
///
/// Elements of sets and what counters say are no part of it: packets change those.
public struct NetfilterFingerprint: Sendable, Hashable {
    /// Empty where there is no table.
    public var numbers: [UInt64]

    public init(_ numbers: [UInt64] = []) { self.numbers = numbers }
}
