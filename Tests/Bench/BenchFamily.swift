import EgressModel
import TestKit

/// Who sends what to whom, in each family. Documentation addresses, and private ones for what is inside.
enum BenchFamily: String, CaseIterable, Sendable {
    case ipv4 = "IPv4"
    case ipv6 = "IPv6"

    var pod: String { self == .ipv4 ? "10.1.0.5" : "fd00:10:1::5" }
    var server: String { self == .ipv4 ? "198.51.100.9" : "2001:db8:9::9" }
    /// The gateway's, on the link to the router.
    var egress: String { self == .ipv4 ? "203.0.113.10" : "2001:db8:113::10" }
    var router: String { self == .ipv4 ? "203.0.113.1" : "2001:db8:113::1" }
    /// The two ends of the tunnel, for peers that route into it.
    var tunnelHere: String { self == .ipv4 ? "10.99.0.1" : "fd00:99::1" }
    var tunnelThere: String { self == .ipv4 ? "10.99.0.2" : "fd00:99::2" }
    var pods: String { self == .ipv4 ? "10.0.0.0/8" : "fd00:10::/32" }
    /// Inside the cluster, and no pod of ours.
    var neighbour: String { self == .ipv4 ? "10.1.7.7" : "fd00:10:1::77" }
    /// An address of the world that an exclusion lets go.
    var excluded: String { self == .ipv4 ? "192.0.2.130" : "2001:db8:77::1" }
    var everything: String { self == .ipv4 ? "0.0.0.0/0" : "::/0" }

    var linkLength: Int { self == .ipv4 ? 24 : 64 }
    var hostLength: Int { self == .ipv4 ? 32 : 128 }
    var family: IPFamily { self == .ipv4 ? .ipv4 : .ipv6 }
    /// Of `nft`.
    var table: String { self == .ipv4 ? "ip" : "ip6" }
    var iptables: String { self == .ipv4 ? "iptables" : "ip6tables" }
    /// Of names of figures: those of IPv4 have none.
    var suffix: String { self == .ipv4 ? "" : "-ipv6" }

    /// The nodes, as ends of the tunnel.
    static let podNode = "192.0.2.1"
    static let gateway = "192.0.2.2"

    static func address(_ text: String) throws -> IPAddress {
        guard let address = IPAddress(text) else { throw TestKitError("no address: \(text)") }
        return address
    }

    static func prefix(_ text: String) throws -> IPPrefix {
        guard let prefix = IPPrefix(text) else { throw TestKitError("no prefix: \(text)") }
        return prefix
    }
}
