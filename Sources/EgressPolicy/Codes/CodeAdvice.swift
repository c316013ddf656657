public import EgressModel

/// What a reason code means, how to see it, and what to do about it: for people.
public struct CodeAdvice: Sendable, Hashable {
    public var code: ReasonCode
    /// A few words.
    public var title: String
    public var cause: String
    /// How to see that this is what happens, commands included.
    public var confirm: String
    /// `nil`: nothing is wrong.
    public var fix: String?

    init(_ code: ReasonCode, _ title: String, cause: String, confirm: String, fix: String? = nil) {
        (self.code, self.title, self.cause, self.confirm, self.fix) = (code, title, cause, confirm, fix)
    }

    /// Every code there is, ascending. A test holds it against ``EgressModel/ReasonCode`` and the datapath's drops.
    public static let all: [CodeAdvice] =
        verdicts + gateways + plugins + policies + cilium + connections + meshes + changes + lint + arrivals + drops + control + client

    public init?(code: ReasonCode) {
        guard let known = Self.all.first(where: { $0.code == code }) else { return nil }
        self = known
    }
}
