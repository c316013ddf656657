import EgressModel

/// `egressIP`: the address that the policy names, which an interface of the gateway must hold.
///
/// When the destinations need the other family too, its address is the first global one of the same interface.
struct EgressIPStrategy: AddressStrategy {
    static let name = "egressIP"

    let address: IPAddress

    func assign(_ request: AssignmentRequest) -> Assignment {
        guard address.isGlobal else {
            let text = "\(address) can't leave a node: it is unspecified, loopback, link-local or multicast"
            return .missing(request.families, Reason(.addressOnNoInterface, text))
        }
        guard let interface = request.interface(holding: address) else {
            return .missing(request.families, Reason(.addressOnNoInterface, absence(request)))
        }
        var assignment = Assignment(interface: interface.name)
        for family in request.families {
            assignment.families[family] =
                family == address.family ? .addresses([address]) : InterfaceStrategy.firstGlobal(family, of: interface, request)
        }
        return assignment
    }

    private func absence(_ request: AssignmentRequest) -> String {
        if let down = request.interfaces.first(where: { $0.addresses.contains { $0.address == address } }) {
            return "\(address) is on \(down.name) of \(request.node), which is down"
        }
        let held = request.interfaces.filter(\.isUp).flatMap(\.addresses).map(\.address)
            .filter { $0.isGlobal && $0.family == address.family }
        let list = held.isEmpty ? "none" : held.prefix(8).map(\.description).joined(separator: ", ")
        return "no interface of \(request.node) holds \(address); it has \(list)"
    }
}
