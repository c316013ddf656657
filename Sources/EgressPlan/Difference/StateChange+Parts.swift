import EgressModel
import EgressPolicy

extension StateChange {
    /// `egress_pod_in` before `egress_pod`: connections that come in are remembered before answers are asked for.
    var attach: [DatapathOperation] {
        attach { !recorded.contains($0) }
    }

    func attach(where chosen: (Int) -> Bool) -> [DatapathOperation] {
        to.attachments.subtracting(from.attachments).filter { chosen($0.interfaceIndex) }.sorted(by: >).map { .attach($0) }
    }

    /// The other way round.
    func detach(where chosen: (Attachment.Program) -> Bool) -> [DatapathOperation] {
        from.attachments.subtracting(to.attachments).filter { chosen($0.program) }.sorted().map { .detach($0) }
    }

    var settings: [DatapathOperation] { from.settings == to.settings ? [] : [.setSettings(to.settings)] }

    /// The narrowest first, as ranges nest and kinds are said of the longest.
    var clusterAdditions: [DatapathOperation] {
        changed(from.cluster, to.cluster).sorted { $0.0.length > $1.0.length }.map { .setClusterRange($0, $1) }
    }

    /// The widest first, the reverse.
    var clusterRemovals: [DatapathOperation] {
        gone(from.cluster, to.cluster).sorted { $0.length < $1.length }.map { .removeClusterRange($0) }
    }

    var setAdditions: [DatapathOperation] {
        to.sets.keys.sorted().flatMap { number -> [DatapathOperation] in
            rules(to.sets[number], without: from.sets[number]).map { .addRule(set: number, $0) }
        }
    }

    /// Also of a set that stays: none that is in use does that, but one that was half written when a helper ended.
    var setRemovals: [DatapathOperation] {
        from.sets.keys.sorted().flatMap { number -> [DatapathOperation] in
            // A prefix stands once in the kernel, so a rule whose prefix has another one by now is gone already.
            let kept = Set((to.sets[number] ?? []).map(\.prefix))
            return rules(from.sets[number], without: to.sets[number]).filter { !kept.contains($0.prefix) }
                .map { .removeRule(set: number, $0) }
        }
    }

    /// An entry whose addresses changed keeps its id. Connections of an address that it neither has nor drains end, as none
    /// may change its address in mid-flow; the others stay.
    var entryAdditions: [DatapathOperation] {
        changed(from.entries, to.entries).flatMap { id, record -> [DatapathOperation] in
            let hasLost = from.entries[id].map { !$0.heldAddresses.isSubset(of: record.heldAddresses) } ?? false
            return [.setEntry(id: id, record)] + (hasLost ? [.forgetTranslations(entry: id)] : [])
        }
    }

    private func rules(_ rules: Set<SetRule>?, without others: Set<SetRule>?) -> [SetRule] {
        (rules ?? []).subtracting(others ?? []).sorted { ($0.prefix, $0.policy) < ($1.prefix, $1.policy) }
    }
}

// MARK: Tables

/// Keys whose value is new or another one, in order.
func changed<Key: Comparable, Value: Equatable>(_ from: [Key: Value], _ to: [Key: Value]) -> [(Key, Value)] {
    to.filter { from[$0.key] != $0.value }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
}

/// Keys that aren't there any more, in order.
func gone<Key: Comparable, Value>(_ from: [Key: Value], _ to: [Key: Value]) -> [Key] {
    from.keys.filter { to[$0] == nil }.sorted()
}

extension Attachment.Program {
    /// On a pod's device; the others are the node's.
    var isPods: Bool {
        switch self {
        case .pod, .podIn: true
        case .tunnel, .stack, .uplink, .uplinkOut: false
        }
    }
}

extension ChoiceKey: Comparable {
    public static func < (a: ChoiceKey, b: ChoiceKey) -> Bool {
        (a.interfaceIndex, a.policy, a.family) < (b.interfaceIndex, b.policy, b.family)
    }
}
