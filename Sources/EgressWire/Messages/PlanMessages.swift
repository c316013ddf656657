public import EgressPlan
public import JSONText

/// Params of `plan.apply`.
public struct PlanRequest: Sendable, Hashable, WireValue {
    /// Must be newer than the one in force.
    public var revision: UInt64
    public var plan: NodePlan

    public init(revision: UInt64, plan: NodePlan) {
        self.revision = revision
        self.plan = plan
    }

    public init(wire reader: JSONReader) throws(JSONFieldError) {
        revision = try reader.required("revision").counter()
        guard revision > 0 else { throw reader.fault("revision", "must be 1 or more") }
        plan = try NodePlan(wire: reader.required("plan"))
    }

    /// With the tunnel's tokens: only for the helper and its own state.
    public var wire: JSONValue { ["revision": .counter(revision), "plan": plan.wire(tokens: .shown)] }
}

/// Answer of `plan.get`: tokens are not in it. Without a plan: revision 0 and `null`.
public struct PlanInForce: Sendable, Hashable, WireValue {
    public var revision: UInt64
    public var plan: NodePlan?

    public init(revision: UInt64, plan: NodePlan?) {
        self.revision = revision
        self.plan = plan
    }

    public init(wire reader: JSONReader) throws(JSONFieldError) {
        revision = try reader.required("revision").counter()
        plan = try reader.optional("plan").map { reader throws(JSONFieldError) in try NodePlan(wire: reader) }
    }

    public var wire: JSONValue { ["revision": .counter(revision), "plan": plan?.wire(tokens: .hidden) ?? .null] }
}

extension PlanApplied: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(revision: try reader.required("revision").counter(), changed: try reader.required("changed").integer(in: 0...Int.max))
    }

    public var wire: JSONValue { ["revision": .counter(revision), "changed": JSONValue(changed)] }
}
