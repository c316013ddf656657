public import EgressModel

/// Locks of addresses that have one owner in the cluster: one object for each address, named by it. Who creates it has it.
///
/// They are not renewed: a holder counts as alive by its node's report. Nobody takes a lock over until the holder said
/// nothing for ``AddressLock/patience``, or its node is no longer part of the cluster.
public protocol AddressLocking: Sendable {
    /// Takes the address's lock in the node's name, where it is free or its holder is gone. Holding it already is holding it.
    func hold(_ address: IPAddress, node: String) async throws -> AddressLock
    /// Gives the lock back; nothing happens when another node holds it, or nobody.
    func release(_ address: IPAddress, node: String) async throws
    /// Addresses whose locks are in the node's name, as far as is known now.
    func heldAddresses(node: String) async throws -> Set<IPAddress>
}

public enum AddressLock: Sendable, Hashable {
    case held
    case heldBy(node: String)

    /// Seconds of silence after which a holder's lock may be taken over: the same as make a gateway silent.
    public static let patience: Int64 = 90

    /// The lock's name, which is a DNS label: `egress-ip-198-51-100-7`; all eight groups of an IPv6 address.
    public static func name(of address: IPAddress) -> String {
        let octets = address.octets
        let parts: [String] =
            switch address.family {
            case .ipv4: octets.map { String($0) }
            case .ipv6:
                stride(from: 0, to: octets.count - 1, by: 2).map { String(UInt16(octets[$0]) << 8 | UInt16(octets[$0 + 1]), radix: 16) }
            }
        return prefix + parts.joined(separator: "-")
    }

    /// The address of a lock's name; `nil` for any other name.
    public static func address(named name: String) -> IPAddress? {
        guard name.hasPrefix(prefix) else { return nil }
        let parts = name.dropFirst(prefix.count).split(separator: "-", omittingEmptySubsequences: false)
        let address = IPAddress(parts.joined(separator: parts.count == 4 ? "." : ":"))
        return address.flatMap { Self.name(of: $0) == name ? $0 : nil }
    }

    private static let prefix = "egress-ip-"
}
