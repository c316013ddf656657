import EgressModel
import EgressPlan
import EgressPolicy
import EgressPorts
import Logging

/// Holds the locks of the addresses that the node's entries claim, beside the turns: a server that is slow or gone holds
/// up no plan.
actor AddressClaims {
    private let locks: any AddressLocking
    private let node: String
    private let clock: any WallClock
    private let log: Logger
    private let wake: WakeUps
    private let signals: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation
    private var table = ClaimTable()
    private var nextLook: Int64 = 0
    private var waiting: [AsyncStream<Void>.Continuation] = []
    private var lastTrouble = ""

    /// Seconds between two looks at the locks that are held.
    private static let lookInterval: Int64 = 10
    /// Seconds between two tries to get a lock; by chance, as others wait for it too.
    private static let pauses: ClosedRange<Int64> = 5...10
    /// How long a turn waits for the first answer about an address, in seconds.
    private static let firstAnswer = 2.0

    init(locks: any AddressLocking, node: String, clock: any WallClock, log: Logger, wake: WakeUps) {
        (self.locks, self.node, self.clock, self.log, self.wake) = (locks, node, clock, log, wake)
        (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        signal.yield()
    }

    /// What modules answered, as far as the locks are held. An address that is new is waited for, for a moment.
    func settle(_ answers: EntryAnswers) async -> [EntryKey: StrategyOutcome] {
        guard answers.asked != nil else { return answers.outcomes }
        table.want(answers.claimed)
        if table.hasOpen {
            signal.yield()
            await nextRound(within: Self.firstAnswer)
        } else if !table.releases.isEmpty {
            signal.yield()
        }
        return table.settled(answers)
    }

    /// After the helper took a plan on: only now are addresses that it doesn't name off the interfaces.
    func inForce(_ plan: NodePlan) {
        table.inForce(plan)
        if !table.releases.isEmpty { signal.yield() }
    }

    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [clock, signal] in
                while (try? await clock.sleep(seconds: Double(Self.pauses.lowerBound))) != nil { signal.yield() }
                signal.finish()
            }
            for await _ in signals {
                if await round() { wake.now() }
                for turn in waiting { turn.finish() }
                waiting = []
            }
            group.cancelAll()
        }
    }

    private func nextRound(within seconds: Double) async {
        let (stream, turn) = AsyncStream.makeStream(of: Void.self)
        waiting.append(turn)
        let limit = Task { [clock] in
            try? await clock.sleep(seconds: seconds)
            turn.finish()
        }
        for await _ in stream {}
        limit.cancel()
    }

    /// Whether an entry may have got an address, or lost one.
    private func round() async -> Bool {
        let before = table.held
        let now = clock.secondsSinceEpoch()
        if nextLook == 0 || (table.holdsAny && nextLook <= now) { await look(now) }
        for address in table.tries(at: now) { await tryToHold(address, now) }
        for address in table.releases { await release(address) }
        for address in before.subtracting(table.held) { log.info("\(address) isn't this node's any more") }
        return table.held != before
    }

    private func look(_ now: Int64) async {
        do {
            table.seen(try await locks.heldAddresses(node: node), at: now)
            nextLook = now + Self.lookInterval
        } catch {
            complain("the locks of addresses can't be read", error)
        }
    }

    private func tryToHold(_ address: IPAddress, _ now: Int64) async {
        let pause = Int64.random(in: Self.pauses)
        do {
            let wasHeld = table.held.contains(address)
            let answer = try await locks.hold(address, node: node)
            table.tried(address, answer, at: now, pause: pause)
            if answer == .held, !wasHeld { log.info("\(address) is this node's: it holds its lock") }
        } catch {
            table.failed(address, plainText(String(describing: error)), at: now, pause: pause)
            complain("the lock of \(address) can't be had, and is tried again", error)
        }
    }

    private func release(_ address: IPAddress) async {
        table.letGo(address)
        do {
            try await locks.release(address, node: node)
            log.info("the lock of \(address) is given back")
        } catch {
            table.kept(address)
            complain("the lock of \(address) isn't given back yet", error)
        }
    }

    /// The same trouble in round after round is one line.
    private func complain(_ what: String, _ error: any Error) {
        let text = "\(what): \(plainText(String(describing: error)))"
        if lastTrouble != text { log.warning("\(text)") }
        lastTrouble = text
    }
}
