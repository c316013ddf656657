import EgressModel
import TestKit

/// Who is who in one family. Documentation addresses (RFC 5737, RFC 3849), and private ones for what is inside.
struct Cast: Sendable {
    let family: IPFamily
    let pod: IPAddress
    let otherPod: IPAddress
    /// A pod of the other node, for which this one is the gateway, and another one there.
    let remotePod: IPAddress
    let otherRemotePod: IPAddress
    /// Outside the other node's pod network.
    let strangePod: IPAddress
    let server: IPAddress
    let otherServer: IPAddress
    /// A router on the way to the servers.
    let hop: IPAddress
    /// In none of the policies' narrower prefixes.
    let farServer: IPAddress
    /// No route leads there.
    let unreachable: IPAddress
    let egress: IPAddress
    let otherEgress: IPAddress
    /// The node's own.
    let sharedEgress: IPAddress
    /// Nobody's.
    let unclaimed: IPAddress
    let everything: String
    /// The servers' network.
    let servers: String
    let router: IPAddress
    /// Destinations that are never steered: a pod, a service, a node, the link, multicast.
    let inCluster: [IPAddress]

    /// Octets of an IP header and a TCP header without options.
    var headers: Int { family == .ipv4 ? 40 : 60 }

    static func of(_ family: IPFamily) throws -> Cast { try family == .ipv4 ? ipv4() : ipv6() }

    private static func ipv4() throws -> Cast {
        Cast(
            family: .ipv4, pod: Role.pod, otherPod: Role.otherPod, remotePod: Role.remotePod, otherRemotePod: try address("10.1.1.10"),
            strangePod: try address("10.1.2.9"), server: Role.server, otherServer: Role.otherServer, hop: try address("192.0.2.77"),
            farServer: try address("192.0.2.1"), unreachable: try address("192.0.2.200"), egress: Role.egress,
            otherEgress: try address("203.0.113.77"), sharedEgress: Role.sharedEgress, unclaimed: try address("203.0.113.11"),
            everything: "0.0.0.0/0", servers: "198.51.100.0/24", router: Role.router,
            inCluster: try ["10.1.4.4", "10.96.0.10", "172.18.0.1", "169.254.1.1", "224.0.0.5", "255.255.255.255"].map(address))
    }

    private static func ipv6() throws -> Cast {
        Cast(
            family: .ipv6, pod: try address("fd00:1::5"), otherPod: try address("fd00:1::6"), remotePod: try address("fd00:1:0:1::9"),
            otherRemotePod: try address("fd00:1:0:1::10"), strangePod: try address("fd00:1:0:2::9"),
            server: try address("2001:db8:51::9"), otherServer: try address("2001:db8:51::10"), hop: try address("2001:db8:2::77"),
            farServer: try address("2001:db8:2::1"), unreachable: try address("2001:db8:dead::1"),
            egress: try address("2001:db8:113::10"), otherEgress: try address("2001:db8:113::77"),
            sharedEgress: try address("2001:db8:18::2"), unclaimed: try address("2001:db8:113::11"), everything: "::/0",
            servers: "2001:db8:51::/64", router: try address("2001:db8:18::1"),
            inCluster: try ["fd00:1::77", "fd00:96::10", "2001:db8:18::1", "fe80::1", "ff02::5", "ff0e::1"].map(address))
    }

    private static func address(_ text: String) throws -> IPAddress {
        guard let address = IPAddress(text) else { throw TestKitError("no address: \(text)") }
        return address
    }
}
