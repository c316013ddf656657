public import EgressModel

/// What the datapath can carry in this version: the one place that says so.
public enum DatapathLimits {
    /// Family of the tunnel's outer header: a gateway needs an address of it.
    public static let tunnelFamily = IPFamily.ipv4
    /// Families that pods' packets are carried in. What a policy claims in another one is dropped: EG1106.
    public static let carriedFamilies: Set<IPFamily> = [.ipv4]
}

extension Reason {
    static let ipv6NotCarried = Reason(.familyWithoutDatapath, "IPv6 is claimed and not carried yet: dropped")
}
