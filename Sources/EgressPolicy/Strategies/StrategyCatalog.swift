import EgressModel

/// The built-in strategies: which one a gateway entry asks for.
enum StrategyCatalog {
    static func strategy(for source: GatewayEntry.Source) -> any AddressStrategy {
        switch source {
        case .address(let address): EgressIPStrategy(address: address)
        case .interface(let name): InterfaceStrategy(interface: name)
        case .defaultRoute: DefaultRouteStrategy()
        }
    }
}
