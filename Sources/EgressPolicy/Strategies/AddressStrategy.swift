import EgressModel

/// A way to find the addresses that a gateway entry's traffic leaves with, on one node.
///
/// Deterministic and without I/O: the node's agent and the command line ask with the same facts and get the same answer.
/// A new one is a file beside this and a line in ``StrategyCatalog``; one of somebody else's is a plugin module.
protocol AddressStrategy: Sendable {
    /// As people call it, in findings and documentation.
    static var name: String { get }

    func assign(_ request: AssignmentRequest) -> Assignment
}

/// What a strategy may look at.
struct AssignmentRequest: Sendable, Hashable {
    var node: String
    /// Families of the policy's destinations; others are not asked for.
    var families: [IPFamily]
    var interfaces: [NetworkInterface]
    var defaultRoute: DefaultRoute

    /// The interface by its name, else by an alternative name.
    func interface(named name: String) -> NetworkInterface? {
        interfaces.first { $0.name == name } ?? interfaces.first { $0.altNames.contains(name) }
    }

    /// The interface that is up and holds the address.
    func interface(holding address: IPAddress) -> NetworkInterface? {
        interfaces.first { $0.isUp && $0.addresses.contains { $0.address == address } }
    }
}

/// A strategy's answer, each family on its own: trouble in one never touches the other.
struct Assignment: Sendable, Hashable {
    enum Family: Sendable, Hashable {
        case addresses([IPAddress])
        case missing(Reason)
    }

    /// Only families that were asked for.
    var families: [IPFamily: Family] = [:]
    /// The interface that holds the addresses, by its own name.
    var interface: String?
    /// The plugin module that answered; `nil` for a built-in strategy.
    var strategy: StrategyReport?
    /// Counts where no family is missing: the addresses hold, and something is to be known about them.
    var warning: Reason?

    /// Addresses of the family; empty when it is missing or wasn't asked for.
    func addresses(_ family: IPFamily) -> [IPAddress] {
        if case .addresses(let addresses)? = families[family] { addresses } else { [] }
    }

    /// The first family without an address, IPv4 before IPv6, and why.
    var firstMissing: Reason? {
        for family in IPFamily.allCases {
            if case .missing(let reason)? = families[family] { return reason }
        }
        return nil
    }

    /// The same failure for every family.
    static func missing(_ families: [IPFamily], _ reason: Reason) -> Assignment {
        Assignment(families: Dictionary(families.map { ($0, .missing(reason)) }, uniquingKeysWith: { first, _ in first }))
    }
}
