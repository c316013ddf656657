import EgressModel

/// Addresses at which clouds answer a machine about itself.
///
/// Every machine has its own behind the same address: asked through a gateway, the gateway's would answer, with the
/// gateway's credentials. So they are in-cluster by themselves, also those that aren't link-local.
enum MetadataAddress {
    /// Not link-local, and so named one by one. AWS: instance metadata, EKS Pod Identity, DNS and time over IPv6; Google:
    /// metadata over IPv6; Alibaba: metadata, in the shared range of RFC 6598; Azure: the platform's own, a public address
    /// that leads nowhere else; Oracle's older cloud, of RFC 6890's 192.0.0.0/24.
    static let beyondLinkLocal: [IPAddress] = [
        "fd00:ec2::254", "fd00:ec2::23", "fd00:ec2::253", "fd00:ec2::123", "fd20:ce::254", "100.100.100.200", "168.63.129.16",
        "192.0.0.192",
    ].compactMap { IPAddress($0) }

    /// Link-local ones: most clouds, the task and pod credentials of AWS, OpenStack over IPv6.
    private static let linkLocal: [IPAddress] = ["169.254.169.254", "169.254.170.2", "169.254.170.23", "fe80::a9fe:a9fe"]
        .compactMap { IPAddress($0) }

    static let all: [IPAddress] = (linkLocal + beyondLinkLocal).sorted()

    /// Of several these are named.
    static let bestKnown: Set<IPAddress> = Set(["169.254.169.254", "fd00:ec2::254"].compactMap { IPAddress($0) })

    static let nodeLocalDNS = IPAddress("169.254.20.10")
}
