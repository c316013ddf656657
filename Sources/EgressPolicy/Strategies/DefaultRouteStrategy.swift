import EgressModel

/// Neither `egressIP` nor `interface`: the first global address of the interface of the default route, per family.
struct DefaultRouteStrategy: AddressStrategy {
    static let name = "default route"

    func assign(_ request: AssignmentRequest) -> Assignment {
        var assignment = Assignment()
        for family in request.families {
            guard let name = request.defaultRoute[family], let interface = request.interface(named: name), interface.isUp else {
                assignment.families[family] = .missing(
                    Reason(.noDefaultRoute, "\(request.node) has no \(family.title) default route through an interface that is up"))
                continue
            }
            assignment.families[family] = InterfaceStrategy.firstGlobal(family, of: interface, request)
            if assignment.interface == nil { assignment.interface = interface.name }
        }
        return assignment
    }
}
