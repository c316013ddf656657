import EgressModel
import EgressPlan
import EgressPolicy
import EgressPorts
import Testing

@testable import EgressCommands

@Suite struct ClaimTableTests {
    private let a = IPAddress(ipv4: 0xC633_6407)
    private let b = IPAddress(ipv4: 0xC633_6408)
    private let key = EntryKey(policyUID: "uid-1", entry: 0)
    private let eth0 = NetworkInterface(name: "eth0", altNames: ["wan"], index: 2)

    private func answer(_ addresses: [IPAddress], claims: Bool = true, interface: String? = "eth0") -> StrategyOutcome {
        .answer(StrategyAnswer(version: "1", ipv4: addresses, interface: interface, claims: claims))
    }

    private func announced(_ addresses: [IPAddress], claims: Bool = true) -> EntryResolution {
        EntryResolution(
            policy: "p", uid: "uid-1", entry: 0, id: 1, ipv4: addresses, interface: "eth0",
            strategy: StrategyReport(name: "static", version: "1", claims: claims))
    }

    private func answers(
        _ outcome: StrategyOutcome?, before: [EntryResolution] = [], remembered: [EntryKey: EntryResolution] = [:],
        interfaces: [NetworkInterface]? = nil, asked: Bool = true
    ) -> EntryAnswers {
        EntryAnswers(
            outcomes: outcome.map { [key: $0] } ?? [:], asked: asked ? [key] : [], before: before, remembered: remembered,
            interfaces: interfaces ?? [eth0])
    }

    private func plan(_ addresses: [IPAddress]) -> NodePlan {
        var plan = NodePlan(node: "n", tunnel: TunnelPlan(address: nil))
        plan.entries = [
            PlannedEntry(policyUID: "uid-1", policyName: "p", entry: 0, id: 1, ipv4: addresses, claims: true, destinations: [])
        ]
        return plan
    }

    /// After one round in which each lock was answered so.
    private func table(_ answers: EntryAnswers, _ locks: [IPAddress: AddressLock]) -> ClaimTable {
        var table = ClaimTable()
        table.want(answers.claimed)
        for address in table.tries(at: 0) {
            if let lock = locks[address] {
                table.tried(address, lock, at: 0, pause: 5)
            } else {
                table.failed(address, "no server", at: 0, pause: 5)
            }
        }
        return table
    }

    @Test func `every lock held is the answer as it is`() {
        let answers = answers(answer([a, b]))
        #expect(table(answers, [a: .held, b: .held]).settled(answers) == answers.outcomes)
    }

    @Test func `the answer has the addresses that are held`() {
        let answers = answers(answer([a, b]))
        #expect(table(answers, [a: .heldBy(node: "node-3"), b: .held]).settled(answers) == [key: answer([b])])
    }

    @Test func `an address that another node holds is no address here, whatever was said before`() {
        let answers = answers(answer([a]), before: [announced([b])])
        let settled = table(answers, [a: .heldBy(node: "node-3"), b: .held]).settled(answers)
        #expect(settled == [key: .noAddress(Reason(.addressHeldElsewhere, "198.51.100.7 is held by node-3"))])
    }

    @Test func `a lock that can't be had is a failure, and what is held stays held`() {
        let answers = answers(answer([a]))
        var table = table(answers, [:])
        #expect(
            table.settled(answers)
                == [key: .failed(Reason(.addressNotClaimed, "the lock of 198.51.100.7 can't be had: no server"))])
        table.tried(a, .held, at: 5, pause: 5)
        table.failed(a, "no server", at: 10, pause: 5)
        #expect(table.settled(answers) == answers.outcomes)
    }

    @Test func `what claims nothing needs no lock`() {
        let answers = answers(answer([a], claims: false))
        #expect(answers.claimed.isEmpty && table(answers, [:]).settled(answers) == answers.outcomes)
    }

    @Test func `an interface that is down or gone claims nothing`() {
        var down = eth0
        down.isUp = false
        #expect(answers(answer([a]), interfaces: [down]).claimed.isEmpty)
        #expect(answers(answer([a]), interfaces: []).claimed.isEmpty)
        #expect(answers(answer([a], interface: "wan")).claimed == [a], "alternative names count")
    }

    @Test func `sixteen addresses of a family are locked at most, the lowest`() {
        let many = (0..<40).map { IPAddress(ipv4: 0xC633_6400 + $0) }
        #expect(answers(answer(many.reversed())).claimed == Set(many.prefix(16)))
    }

    @Test func `a lock is given back when no entry claims it and the plan in force doesn't have it`() {
        let claiming = answers(answer([a]))
        var table = table(claiming, [a: .held])
        table.want([])
        #expect(table.releases.isEmpty, "no plan was in force yet")
        table.inForce(plan([a]))
        #expect(table.releases.isEmpty, "it is on the interface")
        table.inForce(plan([]))
        #expect(table.releases == [a])
        table.want([a])
        #expect(table.releases.isEmpty, "claimed again in time")
        table.want([])
        table.letGo(a)
        #expect(table.held.isEmpty && table.releases.isEmpty)
        table.kept(a)
        #expect(table.releases == [a], "it couldn't be given back, and is tried again")
    }

    @Test func `locks of the agent before are taken on, and given back when their entries are gone`() {
        var table = ClaimTable()
        table.seen([a, b], at: 0)
        table.want([a])
        #expect(!table.hasOpen && table.tries(at: 0).isEmpty)
        table.inForce(plan([a]))
        #expect(table.releases == [b])
    }

    @Test func `a lock that is missing is asked for at once, and lost only to another node`() {
        let answers = answers(answer([a]), before: [announced([a])])
        var table = table(answers, [a: .held])
        table.inForce(plan([a]))
        table.seen([], at: 7)
        #expect(table.settled(answers) == answers.outcomes, "until it is known")
        #expect(table.tries(at: 7) == [a])
        table.failed(a, "no server", at: 7, pause: 5)
        #expect(table.settled(answers) == answers.outcomes)
        table.tried(a, .heldBy(node: "node-3"), at: 12, pause: 5)
        #expect(table.settled(answers) == [key: .noAddress(Reason(.addressHeldElsewhere, "198.51.100.7 is held by node-3"))])
    }

    @Test func `the last good answer of a module that fails ends with its lock`() {
        let failure = StrategyOutcome.failed(Reason(.pluginFailed, "it crashed"))
        for outcome in [failure, nil] {
            let answers = answers(outcome, before: [announced([a, b])])
            #expect(table(answers, [a: .held, b: .held]).settled(answers) == answers.outcomes)
            #expect(table(answers, [:]).settled(answers) == answers.outcomes, "nobody can be asked: an agent restarted")
            #expect(table(answers, [a: .heldBy(node: "node-3"), b: .held]).settled(answers) == [key: answer([b])])
            let none = table(answers, [a: .heldBy(node: "node-3"), b: .heldBy(node: "node-3")]).settled(answers)
            #expect(none == [key: .noAddress(Reason(.addressHeldElsewhere, "198.51.100.7 is held by node-3"))])
        }
    }

    @Test func `an answer that comes back with its interface needs its lock first`() {
        let answers = answers(nil, remembered: [key: announced([a])])
        #expect(answers.claimed == [a])
        #expect(table(answers, [a: .held]).settled(answers).isEmpty)
        let without = table(answers, [:]).settled(answers)
        #expect(without == [key: .noAddress(Reason(.addressNotClaimed, "the lock of 198.51.100.7 can't be had: no server"))])
    }

    @Test func `an entry that nobody asks about any more claims nothing`() {
        #expect(answers(nil, before: [announced([a])], asked: false).claimed.isEmpty)
    }

    @Test func `a failed try is made again after its pause`() {
        let answers = answers(answer([a]))
        let table = table(answers, [a: .heldBy(node: "node-3")])
        #expect(table.tries(at: 4).isEmpty && table.tries(at: 5) == [a])
    }

    @Test(arguments: [
        ("198.51.100.7", "egress-ip-198-51-100-7"), ("2001:db8::7", "egress-ip-2001-db8-0-0-0-0-0-7"),
        ("::ffff:192.0.2.1", "egress-ip-0-0-0-0-0-ffff-c000-201"),
    ])
    func `a lock is named by its address`(text: String, name: String) throws {
        let address = try #require(IPAddress(text))
        #expect(AddressLock.name(of: address) == name)
        #expect(AddressLock.address(named: name) == address)
    }

    @Test(arguments: [
        "egress-ip-", "egress-ip-198-51-100", "egress-ip-198-51-100-007", "node-1", "egress-ip-1-2-3-4-5", "egress-ip-2001-DB8-0-0-0-0-0-7",
    ])
    func `another name is no lock's`(name: String) { #expect(AddressLock.address(named: name) == nil) }
}
