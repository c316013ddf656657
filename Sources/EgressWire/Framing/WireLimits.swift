import JSONText

/// What a line may cost, in bytes without its `\n`, and how deep it may nest.
public enum WireLimits {
    /// A `plan.apply`: it carries a whole node's plan.
    public static let planLine = 16 << 20
    /// Every other request.
    public static let line = 1 << 20
    /// What a client takes from its helper: the state of full maps is longer than any request.
    public static let answerLine = 64 << 20
    public static let depth = 64
    /// The largest number that every JSON reader keeps exactly is one below this (RFC 8259, section 6).
    public static let exactNumbers: UInt64 = 1 << 53

    static let requestJSON = JSONLimits(depth: depth, bytes: planLine)
    static let answerJSON = JSONLimits(depth: depth, bytes: answerLine)
}
