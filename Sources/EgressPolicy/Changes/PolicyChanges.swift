public import EgressModel

/// What a change of the cluster does to the way that pods leave it: the result of ``policyChanges(before:after:unasked:)``.
public struct PolicyChanges: Sendable {
    /// Pods for which at least one destination changes, by namespace and name.
    public var pods: [PodChange]
    /// What is found after the change and wasn't before, and what the change itself brings, in the order of every output.
    public var findings: [Finding]

    public var gain: Int { pods.count { $0.kind == .gain } }
    public var lose: Int { pods.count { $0.kind == .lose } }
    public var change: Int { pods.count { $0.kind == .change } }
    public var isEmpty: Bool { pods.isEmpty && findings.isEmpty }

    public init(pods: [PodChange] = [], findings: [Finding] = []) {
        self.pods = pods
        self.findings = findings
    }
}

/// One pod that leaves in another way than before.
public struct PodChange: Sendable {
    /// Of a pod: each stands in one class, so that the classes add up to the pods that are touched.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// Leaves by an egress IP where it didn't, and nothing else changes.
        case gain
        /// Leaves by an egress IP no more, and nothing else changes.
        case lose
        /// Leaves by another address or gateway, is dropped where it left as its node, or several of these.
        case change
    }

    private let old: ResolvedPod?
    private let new: ResolvedPod?
    /// Shared by pods with the same prefixes; `changed` are offsets of those that are otherwise than before.
    private let regions: [DestinationRegions.Region]
    private let changed: [Int]
    private let unasked: Set<String>
    public let kind: Kind

    /// As it is after the change, or was when it is gone.
    public var pod: Pod { (new ?? old)?.pod ?? Pod(metadata: ObjectMetadata(name: "", uid: "")) }

    /// How many destinations change; never 0.
    public var count: Int { changed.count }

    /// By family, then prefix. Made anew each time: with all the rules in it, a large change would fill the memory.
    public var destinations: [DestinationChange] { changed.map { destination(regions[$0]) } }

    /// `nil`: nothing changes.
    init?(_ old: ResolvedPod?, _ new: ResolvedPod?, _ regions: [DestinationRegions.Region], _ unasked: Set<String>) {
        var kinds: Set<Kind> = []
        var changed: [Int] = []
        for (offset, region) in regions.enumerated() {
            let before = region.before.flatMap { old?.rules.element(at: $0) }
            let after = region.after.flatMap { new?.rules.element(at: $0) }
            guard let kind = Self.kind(before, after, unasked) else { continue }
            changed.append(offset)
            kinds.insert(kind)
        }
        guard let kind = kinds.first else { return nil }
        (self.old, self.new, self.regions, self.changed, self.unasked) = (old, new, regions, changed, unasked)
        self.kind = kinds.count == 1 ? kind : .change
    }

    private static func kind(_ before: ResolvedRule?, _ after: ResolvedRule?, _ unasked: Set<String>) -> Kind? {
        let (isBefore, isAfter) = (before?.action == .gateway, after?.action == .gateway || (after?.awaitsModule(unasked) ?? false))
        switch (isBefore, isAfter) {
        case (false, true): return .gain
        case (true, false): return .lose
        case (true, true), (false, false): return DestinationChange.isSame(before, after, unasked) ? nil : .change
        }
    }

    private func destination(_ region: DestinationRegions.Region) -> DestinationChange {
        let after = region.after.flatMap { new?.rules.element(at: $0) }
        return DestinationChange(
            prefix: region.prefix, before: region.before.flatMap { old?.rules.element(at: $0) },
            after: after.map { $0.awaitsModule(unasked) ? $0.awaitingModule : $0 })
    }
}

extension Collection {
    /// The element so far behind the first; `nil` outside.
    fileprivate func element(at offset: Int) -> Element? {
        index(startIndex, offsetBy: offset, limitedBy: endIndex).flatMap { $0 < endIndex ? self[$0] : nil }
    }
}

/// What changes for a pod's packets to a prefix, but for the parts of it that a longer prefix decides.
public struct DestinationChange: Sendable, Hashable {
    public var prefix: IPPrefix
    /// The rule that decides; `nil`: no policy claims it, or it is inside the cluster.
    public var before: ResolvedRule?
    public var after: ResolvedRule?

    public init(prefix: IPPrefix, before: ResolvedRule?, after: ResolvedRule?) {
        self.prefix = prefix
        self.before = before
        self.after = after
    }

    fileprivate static func isSame(_ before: ResolvedRule?, _ after: ResolvedRule?, _ unasked: Set<String>) -> Bool {
        guard let before, let after else { return before?.leavesAsNode ?? true && after?.leavesAsNode ?? true }
        return after.awaitsModule(unasked)
            ? before.hasOutcome(of: after.awaitingModule) : before.hasOutcome(of: after)
    }
}

extension ResolvedRule {
    /// No policy claims it, it is excluded, or the policy lets it pass.
    fileprivate var leavesAsNode: Bool { action == .exclude }

    /// Whether the same really happens to a packet, whichever policy wants it so.
    func hasOutcome(of other: ResolvedRule) -> Bool {
        guard action == other.action else { return false }
        return action != .gateway || egressIP == other.egressIP && gatewayNode == other.gatewayNode
    }

    /// Whether its plugin module is asked only once the policy is applied.
    fileprivate func awaitsModule(_ unasked: Set<String>) -> Bool {
        !unasked.isEmpty && action == .drop && gatewayNode != nil && unasked.contains(policyUID)
    }

    /// What the rule will be, as far as that is known before the module is asked.
    fileprivate var awaitingModule: ResolvedRule {
        var rule = self
        rule.action = .gateway
        rule.egressIP = nil
        rule.reason = Reason(.moduleNotAsked, "the plugin module is asked once the policy is applied")
        return rule
    }
}
