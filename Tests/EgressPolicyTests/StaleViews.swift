import EgressModel
import EgressPolicy
import EngineSamples
import TestRandom

/// A cluster in which no two nodes need to see the same: each has a view of some age, acts by it, and says what it decided
/// as long as it reaches the API server. Ids are few, so that they are used up and given out again.
struct StaleViews {
    enum Evidence: CaseIterable {
        /// Every node's report is seen.
        case reports
        /// As an agent sees a large cluster: of nodes that are no gateways it has no report, only whether they are Ready.
        case readiness
    }

    /// What happened to packets.
    struct Tally: Equatable {
        var delivered = 0
        var dropped = 0
        /// Left by an address that another policy's entry has.
        var wrong: [String] = []
        /// Ids that one entry had after another.
        var reused = 0
        /// Announced without an id.
        var withoutID = 0
    }

    private struct Agent {
        var view: ClusterSnapshot
        var seen: Int64
        var own: EgressNode
        var isCutOff = false
        var cutOffSince: Int64 = 0
    }

    let highestID: UInt32
    let evidence: Evidence
    private(set) var tally = Tally()
    private var cluster: RandomCluster
    private var published: [String: EgressNode] = [:]
    private var agents: [String: Agent] = [:]
    private var now: Int64 = 1_795_341_600
    private var owners: [String: [UInt32: EntryKey]] = [:]

    init(seed: Int, highestID: UInt32, evidence: Evidence) {
        self.highestID = highestID
        self.evidence = evidence
        cluster = RandomCluster(seed: seed)
        for node in cluster.snapshot.nodes {
            agents[node.name] = Agent(
                view: ClusterSnapshot(isComplete: false), seen: now, own: EgressNode(metadata: ObjectMetadata(name: node.name, uid: "")))
        }
    }

    private var names: [String] { agents.keys.sorted() }

    mutating func step() {
        now += cluster.chance.pick([1, 20, 60, 300, 500, 950])
        for _ in 0..<Int.random(in: 0...3, using: &cluster.chance) { cluster.changeOnce() }
        if cluster.chance.oneIn(4) { cluster.recreatePolicy() }
        for name in names { connect(name) }
        for name in names.shuffled(using: &cluster.chance) { look(name) }
        for name in names { send(from: name) }
    }

    /// Now and then a node loses the API server for a while, and with it its kubelet's word, 40 s later.
    private mutating func connect(_ name: String) {
        guard var agent = agents[name] else { return }
        if agent.isCutOff ? cluster.chance.oneIn(3) : cluster.chance.oneIn(16) {
            agent.isCutOff.toggle()
            agent.cutOffSince = now
        }
        agents[name] = agent
        switch evidence {
        case .readiness: cluster.setReady(name, !agent.isCutOff || now - agent.cutOffSince < 40)
        // Nodes that stay unready would keep every id from coming back.
        case .reports: if cluster.chance.oneIn(2) { cluster.setReady(name, true) }
        }
    }

    /// The agent's turn: sees the cluster, late by a minute at most while it is connected, decides, reports.
    private mutating func look(_ name: String) {
        guard var agent = agents[name] else { return }
        if !agent.isCutOff, now - agent.seen > 60 || !cluster.chance.oneIn(3) {
            agent.view = served(to: name)
            agent.seen = now
        }
        agent.own.reportedAt = stamp(now)
        let facts = cluster.snapshot.egressNodes.first { $0.name == name }
        agent.own.interfaces = facts?.interfaces ?? []
        agent.own.defaultRoute = facts?.defaultRoute ?? DefaultRoute()
        let announced = resolveEntries(node: name, in: withOwn(agent), now: stamp(now), highestID: highestID)
        agent.own.resolutions = announced.resolutions
        agent.own.lastEntryID = announced.lastEntryID
        agent.own.restingIDs = announced.resting
        note(agent.own)
        agents[name] = agent
        if !agent.isCutOff { published[name] = agent.own }
    }

    /// What the API server shows the node's agent.
    private func served(to name: String) -> ClusterSnapshot {
        var snapshot = cluster.snapshot
        snapshot.egressNodes = published.values.filter { evidence == .reports || $0.name == name || !$0.resolutions.isEmpty }
        return snapshot
    }

    private func withOwn(_ agent: Agent) -> ClusterSnapshot {
        var snapshot = agent.view
        snapshot.egressNodes = snapshot.egressNodes.filter { $0.name != agent.own.name } + [agent.own]
        return snapshot
    }

    private mutating func note(_ own: EgressNode) {
        for resolution in own.resolutions where resolution.id == 0 { tally.withoutID += 1 }
        for resolution in own.resolutions where resolution.id != 0 {
            let key = EntryKey(policyUID: resolution.uid, entry: resolution.entry)
            if let before = owners[own.name]?[resolution.id], before != key { tally.reused += 1 }
            owners[own.name, default: [:]][resolution.id] = key
        }
    }

    /// The node's pods send by all gateways that their node knows of, the spare ones too.
    private mutating func send(from name: String) {
        guard let agent = agents[name] else { return }
        for pod in resolve(withOwn(agent)).pods where pod.pod.nodeName == name {
            for rule in pod.rules where rule.action == .gateway {
                for gateway in rule.ranked { arrive(gateway, rule, name) }
            }
        }
    }

    /// What the gateway's own table has under the id of the packet.
    private mutating func arrive(_ gateway: RankedGateway, _ rule: ResolvedRule, _ sender: String) {
        guard let id = gateway.entryID else { return }
        guard let entry = agents[gateway.node]?.own.resolutions.first(where: { $0.id == id }) else {
            tally.dropped += 1
            return
        }
        if entry.uid == rule.policyUID, entry.entry == gateway.entry {
            tally.delivered += 1
        } else {
            tally.wrong.append("\(sender) sends for \(rule.policyUID) by \(gateway.node)'s id \(id), which is \(entry.uid)'s")
        }
    }

    private func stamp(_ seconds: Int64) -> String {
        let (day, time) = ((seconds - 1_795_305_600) / 86_400, (seconds - 1_795_305_600) % 86_400)
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        // From 2026-11-22T00:00:00Z on, for two months and more.
        let (month, date) = day < 9 ? (11, 22 + day) : day < 40 ? (12, day - 8) : (13, day - 39)
        let year = month == 13 ? 2027 : 2026
        return "\(year)-\(two(month == 13 ? 1 : Int64(month)))-\(two(date))T\(two(time / 3600)):\(two(time / 60 % 60)):\(two(time % 60))Z"
    }
}
