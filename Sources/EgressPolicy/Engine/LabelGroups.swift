import EgressModel

/// Pods by namespace and labels: those of one group are selected by the same policies, nodes aside. A cluster has far fewer
/// groups than pods.
struct LabelGroups: Sendable {
    struct Key: Hashable, Sendable {
        var namespace: String
        var labels: Labels

        /// Of the values alone: of pods in one namespace they tell as much as keys and values, at half the cost.
        func hash(into hasher: inout Hasher) {
            hasher.combine(namespace)
            hasher.combine(labels.values.reduce(0) { $0 &+ $1.hashValue })
        }
    }

    struct Member: Sendable {
        var name: String
        var uid: String
    }

    struct Group: Sendable {
        let key: Key
        var match: GroupMatch
        var pods = 0
        /// By name, then UID; kept by an engine that takes changes.
        var members = OrderedChunks<Member>()
    }

    private var groups: [Group?] = []
    private var free: [Int] = []
    private var numbers: [Key: Int] = [:]
    /// Groups by label, by namespace: what a new policy could select. `nil` until a policy changes.
    private var byLabel: [String: [String: Set<Int>]]?
    private var byNamespace: [String: Set<Int>] = [:]

    func number(_ key: Key) -> Int? { numbers[key] }
    subscript(number: Int) -> Group? { groups.indices.contains(number) ? groups[number] : nil }

    mutating func add(_ key: Key, _ match: GroupMatch) -> Int {
        let number = free.popLast() ?? groups.count
        if number == groups.count { groups.append(nil) }
        numbers[key] = number
        groups[number] = Group(key: key, match: match)
        if byLabel != nil { index(number, key) }
        return number
    }

    mutating func remove(_ number: Int) {
        guard let key = self[number]?.key else { return }
        groups[number] = nil
        free.append(number)
        numbers[key] = nil
        guard byLabel != nil else { return }
        byNamespace[key.namespace]?.remove(number)
        if byNamespace[key.namespace]?.isEmpty ?? false { byNamespace[key.namespace] = nil }
        for (label, value) in key.labels {
            byLabel?[label]?[value]?.remove(number)
            if byLabel?[label]?[value]?.isEmpty ?? false { byLabel?[label]?[value] = nil }
        }
    }

    mutating func set(_ match: GroupMatch, of number: Int) { groups[number]?.match = match }

    // MARK: Members

    mutating func enter(_ pod: Pod, _ number: Int) {
        let member = Member(name: pod.name, uid: pod.metadata.uid)
        guard let position = position(of: member, number) else { return }
        groups[number]?.pods += 1
        groups[number]?.members.insert(member, at: position)
    }

    /// Pods that come by namespace, name and UID, each time after those that came before.
    mutating func append(_ pods: ArraySlice<Pod>, _ number: Int, keepsMembers: Bool) {
        groups[number]?.pods += pods.count
        guard keepsMembers else { return }
        for index in pods.indices { groups[number]?.members.append(Member(name: pods[index].name, uid: pods[index].metadata.uid)) }
    }

    /// Whether the group is empty now.
    mutating func leave(_ pod: Pod, _ number: Int) -> Bool {
        let member = Member(name: pod.name, uid: pod.metadata.uid)
        guard let position = position(of: member, number), position < self[number]?.members.count ?? 0 else { return false }
        groups[number]?.pods -= 1
        groups[number]?.members.remove(at: position)
        return groups[number]?.pods == 0
    }

    private func position(of member: Member, _ number: Int) -> Int? {
        self[number]?.members.firstPosition {
            $0.name != member.name ? bytewise(member.name, $0.name) : !bytewise($0.uid, member.uid)
        }
    }

    // MARK: Finding groups for a policy

    private mutating func index(_ number: Int, _ key: Key) {
        byNamespace[key.namespace, default: []].insert(number)
        for (label, value) in key.labels { byLabel?[label, default: [:]][value, default: []].insert(number) }
    }

    mutating func prepareIndex() {
        guard byLabel == nil else { return }
        byLabel = [:]
        for (number, group) in groups.enumerated() {
            if let group { index(number, group.key) }
        }
    }

    /// Groups that the policy may select, and some that it doesn't. With an equality, or a namespace selector, only those
    /// that meet it are looked at.
    mutating func candidates(_ policy: EgressGatewayPolicy, _ known: SelectionFacts) -> Set<Int> {
        prepareIndex()
        var found: Set<Int> = []
        for selector in policy.selectors where selector.isUsable {
            if let anchor = selector.podSelector.flatMap({ PodSelectorTerms($0).anchor }) {
                found.formUnion(
                    anchor.key == PodSelectorTerms.namespaceKey
                        ? byNamespace[anchor.value] ?? [] : byLabel?[anchor.key]?[anchor.value] ?? [])
            } else if let namespaces = selector.namespaceSelector {
                for (name, groups) in byNamespace where known.judge(namespace: name, namespaces) != false { found.formUnion(groups) }
            } else {
                found.formUnion(numbers.values)
            }
        }
        return found
    }
}
