public import EgressPlan
public import JSONText

/// An event of `facts.watch`.
public struct FactsEvent: Sendable, Hashable, WireValue {
    public var facts: HostFacts
    /// Events since the last one that this reader was too slow for; the newest facts stand for them.
    public var lost: UInt64

    public init(facts: HostFacts, lost: UInt64 = 0) {
        self.facts = facts
        self.lost = lost
    }

    public init(wire reader: JSONReader) throws(JSONFieldError) {
        facts = try HostFacts(wire: reader.required("facts"))
        lost = try reader.optional("lost")?.counter() ?? 0
    }

    public var wire: JSONValue { ["facts": facts.wire, "lost": .counter(lost)] }
}
