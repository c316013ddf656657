import EgressModel

/// The ids of one node: those that it holds, the next, and those that rest.
///
/// A node counts up and gives no id out twice while the counter lasts. Where it is used up, an id that nobody holds is given
/// out again once it has rested: for ``restSeconds`` the entry that had it is gone, and in all that time every node was
/// heard, so none still sends by a view in which the id is another policy's.
struct EntryIDs {
    /// A quarter of an hour: longer than three periods of reports (90 s), after which a node counts as silent, and the
    /// minute by which ``RestingIDs/allSince`` may lag.
    static let restSeconds: Int64 = 900
    /// Ids whose rest is remembered one by one; with more of them all rest anew.
    static let mostRemembered = 1024
    /// How much the moment at which all rest may lag: a node that stays silent shouldn't make a new report of every turn.
    private static let lagSeconds: Int64 = 60

    private(set) var last: UInt32
    /// What is to be remembered; `nil` while the counter lasts.
    private(set) var resting: RestingIDs?
    private let highest: UInt32
    private var held: [EntryKey: UInt32] = [:]
    private var taken: Set<UInt32> = []
    /// What rests is known, so all else that nobody holds may be given out again.
    private var mayReuse = false
    /// Below it none is free.
    private var lowest: UInt32 = 1

    /// - Parameters:
    ///   - node: what it reported last.
    ///   - wanted: entries that are to have an id now; what others had is free from now on.
    ///   - highest: of all ids.
    init(_ node: EgressNode, wanted: Set<EntryKey>, highest: UInt32) {
        self.highest = highest
        last = node.lastEntryID
        resting = node.restingIDs
        for resolution in node.resolutions.sorted(by: announcedOrder) where (1...highest).contains(resolution.id) {
            last = max(last, resolution.id)
            // An id that two entries claim stays with the first; the other one gets a new one.
            guard taken.insert(resolution.id).inserted else { continue }
            let key = Self.key(resolution)
            if wanted.contains(key), held[key] == nil { held[key] = resolution.id }
        }
        last = min(last, highest)
    }

    /// Judges what rests at this moment; before asking for ids.
    ///
    /// - Parameters:
    ///   - now: RFC 3339 in UTC; without it nothing comes to an end.
    ///   - everyNodeIsHeard: no node may have an older view of the cluster than this one.
    mutating func judgeRest(now: String?, everyNodeIsHeard: Bool) {
        let freed = taken.subtracting(held.values)
        guard last == highest, let now, let seconds = RFC3339.seconds(now) else {
            // Without a clock it would be forgotten when these ids became free: then all rest from the next moment known.
            if last < highest || !freed.isEmpty { resting = nil }
            return
        }
        var rest = resting ?? RestingIDs(allSince: now)
        if !everyNodeIsHeard, (rest.allSince.flatMap(RFC3339.seconds) ?? .min) < seconds - Self.lagSeconds { rest.allSince = now }
        rest.ids = rest.ids.filter { !taken.contains($0.id) } + freed.map { RestingID(id: $0, since: now) }
        rest.end(at: seconds, after: Self.restSeconds)
        if rest.ids.count > Self.mostRemembered { rest = RestingIDs(allSince: now) }
        rest.ids.sort { $0.id < $1.id }
        resting = rest
        taken = Set(held.values).union(rest.ids.map(\.id))
        mayReuse = rest.allSince == nil
    }

    /// `nil`: all are in use or rest.
    mutating func id(of key: EntryKey, policy: String) -> UInt32? {
        if let id = held[key] ?? held[Self.named(policy, key.entry)] { return id }
        guard let id = last < highest ? last + 1 : rested() else { return nil }
        last = max(last, id)
        taken.insert(id)
        held[key] = id
        return id
    }

    /// The lowest that is free and has rested. One step for each that isn't.
    private mutating func rested() -> UInt32? {
        guard mayReuse else { return nil }
        while lowest <= highest {
            defer { lowest += 1 }
            if !taken.contains(lowest) { return lowest }
        }
        return nil
    }

    /// Keys under which the ids of an entry may be found.
    static func keys(_ policy: EgressGatewayPolicy, _ entry: Int) -> [EntryKey] {
        [EntryKey(policyUID: policy.metadata.uid, entry: entry), named(policy.name, entry)]
    }

    /// A hand-written status may name the policy only.
    private static func key(_ resolution: EntryResolution) -> EntryKey {
        resolution.uid.isEmpty ? named(resolution.policy, resolution.entry) : EntryKey(policyUID: resolution.uid, entry: resolution.entry)
    }

    private static func named(_ policy: String, _ entry: Int) -> EntryKey { EntryKey(policyUID: "name:" + policy, entry: entry) }
}

extension RestingIDs {
    /// Forgets what has rested. A moment that can't be read, or is still to come as a clock was wrong, counts as now.
    fileprivate mutating func end(at now: Int64, after rest: Int64) {
        func isOver(_ since: String) -> Bool {
            guard let seconds = RFC3339.seconds(since), seconds <= now else { return false }
            return now - seconds >= rest
        }
        if let since = allSince, isOver(since) { allSince = nil }
        ids.removeAll { isOver($0.since) }
    }
}

extension ClusterSnapshot {
    /// Whether every node's agent has been heard lately, so that none works from an old view: all are Ready, and no report
    /// that is here is old. Of nodes that are gone packets aren't taken.
    func everyNodeIsHeard(now: String?) -> Bool {
        guard let now = now.flatMap(RFC3339.seconds), nodes.allSatisfy(\.isReady) else { return false }
        let names = Set(nodes.lazy.map(\.name))
        return egressNodes.allSatisfy { !names.contains($0.name) || !ReportTime.isSilent($0, now: now) }
    }
}

func announcedOrder(_ a: EntryResolution, _ b: EntryResolution) -> Bool {
    (a.policy, a.uid, a.entry, a.id) < (b.policy, b.uid, b.entry, b.id)
}
