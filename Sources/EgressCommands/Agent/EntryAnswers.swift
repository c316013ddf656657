import EgressModel
import EgressPlan
import EgressPolicy

/// What modules made of the node's entries, and what goes on where one said nothing: what the locks of claimed addresses
/// are decided by.
struct EntryAnswers: Sendable {
    /// An answer that goes on without a new one.
    struct Last: Sendable {
        var answer: StrategyAnswer
        /// The node announces it; else it is one that comes back, with the interface that it was lost with.
        var isAnnounced: Bool
    }

    var outcomes: [EntryKey: StrategyOutcome]
    /// Entries that modules are asked for; `nil`: that isn't known, as the cluster wasn't read whole.
    var asked: Set<EntryKey>?
    /// What the node announced last.
    var before: [EntryResolution] = []
    var remembered: [EntryKey: EntryResolution] = [:]
    var interfaces: [NetworkInterface] = []

    /// Addresses that entries claim, or go on claiming, on interfaces that are up: the others serve nobody, and their locks
    /// are another node's to have.
    var claimed: Set<IPAddress> {
        let answers = outcomes.values.compactMap(\.answer) + lastAnswers.values.map(\.answer)
        return Set(answers.filter(isUsable).flatMap { $0.ipv4.sorted().prefix(Self.most) + $0.ipv6.sorted().prefix(Self.most) })
    }

    /// Addresses of a family that an entry has at most; the lowest of more.
    private static let most = 16

    /// By entry: claimed addresses that are announced, and where nothing is, remembered ones.
    var lastAnswers: [EntryKey: Last] {
        guard let asked else { return [:] }
        let announced = before.filter(\.isPluginAnswer).map { (EntryKey(policyUID: $0.uid, entry: $0.entry), $0) }
        var last: [EntryKey: Last] = [:]
        for (key, resolution) in announced where asked.contains(key) { last[key] = Last(resolution, isAnnounced: true) }
        for (key, resolution) in remembered where asked.contains(key) && last[key] == nil {
            last[key] = Last(resolution, isAnnounced: false)
        }
        return last.filter(\.value.answer.claims)
    }

    func isUsable(_ answer: StrategyAnswer) -> Bool {
        guard answer.claims, let name = answer.interface else { return false }
        return interfaces.contains { $0.isUp && ($0.name == name || $0.altNames.contains(name)) }
    }
}

extension EntryAnswers {
    init(_ outcomes: [EntryKey: StrategyOutcome], _ turn: AgentTurn, remembered: [EntryKey: EntryResolution]) {
        self.outcomes = outcomes
        asked = turn.snapshot.canBePlanned ? Set(turn.requests.map(\.key)) : nil
        before = turn.previous?.resolutions ?? []
        self.remembered = remembered
        interfaces = turn.facts?.interfaces ?? []
    }
}

extension EntryAnswers.Last {
    init(_ resolution: EntryResolution, isAnnounced: Bool) {
        answer = StrategyAnswer(
            version: resolution.strategy?.version ?? "", ipv4: resolution.ipv4, ipv6: resolution.ipv6, interface: resolution.interface,
            claims: resolution.strategy?.claims ?? false)
        self.isAnnounced = isAnnounced
    }
}

extension StrategyOutcome {
    var answer: StrategyAnswer? { if case .answer(let answer) = self { answer } else { nil } }
}
