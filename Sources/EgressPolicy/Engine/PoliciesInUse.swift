import EgressModel

/// A policy that is in force, and what the engine keeps of it.
struct PolicyInUse: Sendable {
    let policy: EgressGatewayPolicy
    var entries: [ResolvedEntry]
    /// Findings that don't depend on pods.
    var findings: [Finding]
    /// Pods that it selects, and of which it isn't known.
    var selected = 0
    var unsure = 0
    /// Groups of pods that it may select.
    var groups: Set<Int> = []
    /// Said of it last: that it selects nothing.
    var selectsNothing = false
}

/// The policies of a cluster by UID, and those in force by a number that each version has for itself.
struct PoliciesInUse: Sendable {
    /// Objects of one UID; more than one only in hand-written files.
    private(set) var objects: [String: [PolicyObject]]
    private var inUse: [Int: PolicyInUse] = [:]
    private var numbers: [String: Int] = [:]
    private var next = 0

    init(_ objects: [PolicyObject]) { self.objects = Dictionary(grouping: objects, by: \.metadata.uid) }

    subscript(number: Int) -> PolicyInUse? { inUse[number] }
    func number(_ uid: String) -> Int? { numbers[uid] }
    var isEmpty: Bool { inUse.isEmpty }
    var all: [Int: PolicyInUse] { inUse }

    mutating func replaceObjects(_ uid: String, _ new: [PolicyObject]) { objects[uid] = new.isEmpty ? nil : new }

    mutating func add(_ use: PolicyInUse) -> Int {
        let number = next
        next += 1
        inUse[number] = use
        numbers[use.policy.metadata.uid] = number
        return number
    }

    /// A newer version may have its UID already.
    mutating func remove(_ number: Int) {
        guard let uid = inUse.removeValue(forKey: number)?.policy.metadata.uid else { return }
        if numbers[uid] == number { numbers[uid] = nil }
    }

    mutating func change(_ number: Int, _ change: (inout PolicyInUse) -> Void) {
        guard var use = inUse.removeValue(forKey: number) else { return }
        change(&use)
        inUse[number] = use
    }

    mutating func count(_ standing: PodStanding, by difference: Int) {
        for number in standing.selected { inUse[number]?.selected += difference }
        for number in standing.unsure { inUse[number]?.unsure += difference }
    }

    /// By name, then UID, as in every output.
    func inOrder(_ numbers: some Sequence<Int>) -> [(number: Int, policy: EgressGatewayPolicy)] {
        numbers.compactMap { number in inUse[number].map { (number, $0.policy) } }.sorted { Self.precedes($0.policy, $1.policy) }
    }

    static func precedes(_ a: EgressGatewayPolicy, _ b: EgressGatewayPolicy) -> Bool {
        a.name != b.name ? bytewise(a.name, b.name) : bytewise(a.metadata.uid, b.metadata.uid)
    }
}
