public import EgressModel

/// What network policies say of one connection of a pod.
public struct NetworkPolicyVerdict: Sendable, Hashable {
    public enum Answer: String, Sendable, Hashable {
        case allowed
        case denied
        /// What decides isn't known, or isn't evaluated; never a guess.
        case unknown
    }

    public var answer: Answer
    /// Why, in one sentence without its dot.
    public var reason: String
    /// Of an unknown answer, what kind of gap it is; of a denied one EG2040.
    public var code: ReasonCode?
    /// Policies that are about what leaves the pod, those that decide first, then by name.
    public var by: [NetworkPolicyReason]
    /// Objects that may decide about the pod and that nobody here evaluates, by name.
    public var notEvaluated: [ForeignNetworkPolicy]
    /// What was taken for granted.
    public var remarks: [String]

    public init(
        _ answer: Answer, _ reason: String, code: ReasonCode? = nil, by: [NetworkPolicyReason] = [],
        notEvaluated: [ForeignNetworkPolicy] = [], remarks: [String] = []
    ) {
        self.answer = answer
        self.reason = reason
        self.code = code
        self.by = by
        self.notEvaluated = notEvaluated
        self.remarks = remarks
    }
}

/// What one policy says of a connection.
public struct NetworkPolicyReason: Sendable, Hashable {
    public enum Effect: String, Sendable, Hashable {
        /// One of its deny rules holds, which no other policy can undo.
        case denies
        /// One of its rules holds.
        case allows
        /// It selects the pod, and none of its rules holds: other policies have to allow it.
        case isolates
        case unknown
    }

    public var policy: ObjectReference
    public var effect: Effect
    /// The rule that decided, such as `spec.egress[0]`; `nil`: none did.
    public var field: String?
    /// The fields that decided, or why each rule doesn't hold.
    public var why: [String]
    /// Of an unknown effect.
    public var code: ReasonCode?

    public init(policy: ObjectReference, effect: Effect, field: String? = nil, why: [String] = [], code: ReasonCode? = nil) {
        self.policy = policy
        self.effect = effect
        self.field = field
        self.why = why
        self.code = code
    }
}
