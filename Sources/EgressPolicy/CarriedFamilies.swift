public import EgressModel

/// What the datapath can carry: the one place that says so.
public enum DatapathLimits {
    /// Families that pods' packets are carried in. What a policy claims in another one is dropped: EG1106.
    public static let carriedFamilies: Set<IPFamily> = [.ipv4, .ipv6]
}

extension Reason {
    static let ipv6NotCarried = Reason(.familyWithoutDatapath, "IPv6 is claimed, and the datapath doesn't carry it: dropped")
}
