import EgressModel

/// `interface`: the first global address of the named interface, per family; alternative names count.
struct InterfaceStrategy: AddressStrategy {
    static let name = "interface"

    let interface: String

    func assign(_ request: AssignmentRequest) -> Assignment {
        guard let found = request.interface(named: interface) else {
            let names = request.interfaces.map(\.name).sorted().prefix(8).joined(separator: ", ")
            let text = "\(request.node) has no interface \(interface); it has \(names.isEmpty ? "none" : names)"
            return .missing(request.families, Reason(.interfaceNotFound, text))
        }
        guard found.isUp else {
            return .missing(request.families, Reason(.interfaceNotFound, "interface \(found.name) of \(request.node) is down"))
        }
        var assignment = Assignment(interface: found.name)
        for family in request.families { assignment.families[family] = Self.firstGlobal(family, of: found, request) }
        return assignment
    }

    static func firstGlobal(_ family: IPFamily, of interface: NetworkInterface, _ request: AssignmentRequest) -> Assignment.Family {
        if let address = interface.firstGlobalAddress(family) { return .addresses([address]) }
        let text = "interface \(interface.name) of \(request.node) has no global \(family.title) address"
        return .missing(Reason(.interfaceWithoutAddress, text))
    }
}

extension IPFamily {
    /// As people write it.
    var title: String {
        switch self {
        case .ipv4: "IPv4"
        case .ipv6: "IPv6"
        }
    }
}
