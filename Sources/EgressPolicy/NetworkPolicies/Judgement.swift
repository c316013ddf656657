import EgressModel

/// Whether something holds, with the field that decided.
struct Judgement: Sendable, Hashable {
    enum Result: Sendable, Hashable {
        case yes
        case no
        case unknown(ReasonCode)
    }

    var result: Result
    var why: [String]

    init(_ result: Result, _ why: String...) {
        self.result = result
        self.why = why
    }

    init(_ result: Result, all why: [String]) {
        self.result = result
        self.why = why
    }

    static func unknown(_ code: ReasonCode, _ why: String) -> Judgement { Judgement(.unknown(code), why) }

    var isUnknown: Bool { if case .unknown = result { true } else { false } }
    /// `nil`: unknown.
    var holds: Bool? {
        switch result {
        case .yes: true
        case .no: false
        case .unknown: nil
        }
    }

    /// One that holds is enough: it decides, else what isn't known does. `nothing` is said of an empty list.
    static func any(_ judgements: [Judgement], nothing: String) -> Judgement {
        if let yes = judgements.first(where: { $0.result == .yes }) { return yes }
        if let unknown = judgements.first(where: \.isUnknown) { return unknown }
        return judgements.isEmpty ? Judgement(.no, nothing) : Judgement(.no, all: judgements.flatMap(\.why))
    }

    /// Both must hold: what doesn't decides before what isn't known.
    func and(_ other: Judgement) -> Judgement {
        if result == .no { return self }
        if other.result == .no { return other }
        if isUnknown { return self }
        if other.isUnknown { return other }
        return Judgement(.yes, all: why + other.why)
    }
}
