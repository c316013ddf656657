import EgressModel

/// The rules of one pod, by family, then prefix: claims that it shares with others, seen from its own addresses and UID.
///
/// A rule is made when it is asked for. Two are equal when their rules are.
public struct PodRules: Sendable, RandomAccessCollection {
    private let standing: PodStanding
    /// Claims of families in which the pod has an address: those of IPv4 stand before those of IPv6.
    private let claims: Range<Int>
    private let uid: String
    private let ipv4: IPAddress?
    private let ipv6: IPAddress?

    init(_ pod: Pod, _ standing: PodStanding) {
        self.standing = standing
        uid = pod.metadata.uid
        ipv4 = pod.address(.ipv4)
        ipv6 = pod.address(.ipv6)
        let last = ipv6 == nil ? standing.ipv4Claims : standing.claims.count
        claims = (ipv4 == nil ? Swift.min(standing.ipv4Claims, last) : 0)..<last
    }

    public var startIndex: Int { 0 }
    public var endIndex: Int { standing.given?.rules.count ?? claims.count }

    public subscript(position: Int) -> ResolvedRule {
        if let given = standing.given { return given.rules[position] }
        let claim = standing.claims[claims.lowerBound + position]
        // A claim of another family isn't among those that are counted.
        let source = (claim.prefix.family == .ipv4 ? ipv4 : ipv6) ?? claim.prefix.address
        return claim.rule(source, uid)
    }
}

extension PodRules: Hashable {
    public static func == (a: PodRules, b: PodRules) -> Bool {
        if a.standing === b.standing, a.uid == b.uid, a.ipv4 == b.ipv4, a.ipv6 == b.ipv6 { return true }
        return a.count == b.count && a.elementsEqual(b)
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(count)
        for rule in self { hasher.combine(rule) }
    }
}
