import EgressModel
import EgressPlan
import EgressPolicy
import EgressPorts

/// What an agent knows of the locks of the addresses that its entries claim, and what follows for those entries. Pure.
struct ClaimTable: Sendable {
    private enum Standing: Sendable, Hashable {
        /// Not asked for yet.
        case open
        case held
        /// Held as far as we knew; the last look didn't show it.
        case doubted
        case elsewhere(String)
        case trouble(String)

        var counts: Bool { self == .held || self == .doubted }
    }

    private var standings: [IPAddress: Standing] = [:]
    private var nextTries: [IPAddress: Int64] = [:]
    private var wanted: Set<IPAddress> = []
    /// What the helper has put on interfaces by the last plan that it took on; `nil` before the first.
    private var inUse: Set<IPAddress>?

    var holdsAny: Bool { standings.values.contains(where: \.counts) }
    /// Whether somebody should wait for the first answer.
    var hasOpen: Bool { standings.values.contains(.open) }
    var held: Set<IPAddress> { Set(standings.filter(\.value.counts).keys) }

    // MARK: What is wanted

    mutating func want(_ addresses: Set<IPAddress>) {
        wanted = addresses
        for address in wanted where standings[address] == nil { standings[address] = .open }
        for (address, standing) in standings where !wanted.contains(address) && !standing.counts { letGo(address) }
    }

    /// The plan that the helper took on: it has taken away what the plan doesn't name.
    mutating func inForce(_ plan: NodePlan) {
        inUse = Set(plan.entries.filter(\.claims).flatMap { $0.ipv4 + $0.ipv6 })
    }

    // MARK: What is to be done

    /// Seconds since 1970 in, addresses whose lock is to be asked for out.
    func tries(at now: Int64) -> [IPAddress] {
        standings.filter { $0.value != .held && nextTries[$0.key] ?? now <= now }.keys.sorted()
    }

    /// Locks that nothing here needs any more. What is on an interface keeps its lock: the next owner waits until it is gone.
    var releases: [IPAddress] {
        guard let inUse else { return [] }
        return held.subtracting(wanted).subtracting(inUse).sorted()
    }

    // MARK: What came of it

    /// - Parameter pause: seconds until the next try, where one is needed.
    mutating func tried(_ address: IPAddress, _ answer: AddressLock, at now: Int64, pause: Int64) {
        nextTries[address] = now + pause
        switch answer {
        case .held: standings[address] = .held
        case .heldBy(let node): standings[address] = .elsewhere(node)
        }
    }

    /// Trouble takes nothing away: a lock that was held stays held while nobody can be asked.
    mutating func failed(_ address: IPAddress, _ text: String, at now: Int64, pause: Int64) {
        nextTries[address] = now + pause
        if standings[address]?.counts != true { standings[address] = .trouble(text) }
    }

    /// Before the lock is given back: whoever claims the address from here on asks for it anew.
    mutating func letGo(_ address: IPAddress) {
        standings[address] = nil
        nextTries[address] = nil
    }

    /// It couldn't be given back.
    mutating func kept(_ address: IPAddress) {
        if standings[address] == nil { standings[address] = .held }
    }

    /// The locks in our name as the cluster has them: those of an agent before us are ours to give back, and one that is
    /// missing is asked for at once.
    mutating func seen(_ actual: Set<IPAddress>, at now: Int64) {
        for address in actual where standings[address]?.counts != true { standings[address] = .held }
        for address in actual where standings[address] == .doubted { standings[address] = .held }
        for address in held.subtracting(actual) {
            standings[address] = wanted.contains(address) || inUse?.contains(address) == true ? .doubted : nil
            nextTries[address] = now
        }
    }

    // MARK: What it means

    /// The outcomes as far as locks allow them.
    func settled(_ answers: EntryAnswers) -> [EntryKey: StrategyOutcome] {
        var settled = answers.outcomes
        for (key, outcome) in answers.outcomes {
            if case .answer(let answer) = outcome, answers.isUsable(answer) { settled[key] = self.outcome(answer) }
        }
        for (key, last) in answers.lastAnswers where answers.isUsable(last.answer) {
            switch settled[key] {
            case .answer?, .noAddress?: continue
            case .failed?, nil: break
            }
            // Without a word from the module its last answer goes on; without the locks it doesn't.
            if let outcome = withdrawal(of: last) { settled[key] = outcome }
        }
        return settled
    }

    /// What is left of an answer that goes on; `nil`: all of it. A lock that nobody can be asked about counts for what is
    /// announced, as it did when it was announced.
    private func withdrawal(of last: EntryAnswers.Last) -> StrategyOutcome? {
        let addresses = last.answer.ipv4 + last.answer.ipv6
        let isLost = addresses.contains { last.isAnnounced ? isElsewhere($0) : standings[$0]?.counts != true }
        guard isLost else { return nil }
        guard case .failed(let reason) = outcome(last.answer) else { return outcome(last.answer) }
        return .noAddress(reason)
    }

    private func outcome(_ answer: StrategyAnswer) -> StrategyOutcome {
        var kept = answer
        kept.ipv4 = answer.ipv4.filter { standings[$0]?.counts == true }
        kept.ipv6 = answer.ipv6.filter { standings[$0]?.counts == true }
        if !kept.ipv4.isEmpty || !kept.ipv6.isEmpty { return .answer(kept) }
        var troubles: [String] = []
        for address in answer.ipv4 + answer.ipv6 {
            switch standings[address] {
            case .elsewhere(let node)?: return .noAddress(Reason(.addressHeldElsewhere, "\(address) is held by \(node)"))
            case .trouble(let text)?: troubles.append("the lock of \(address) can't be had: \(text)")
            default: troubles.append("the lock of \(address) isn't there yet")
            }
        }
        guard let first = troubles.first else { return .answer(answer) }
        return .failed(Reason(.addressNotClaimed, first))
    }

    private func isElsewhere(_ address: IPAddress) -> Bool {
        if case .elsewhere? = standings[address] { true } else { false }
    }
}
