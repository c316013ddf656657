public import EgressModel

/// An address that Cilium's agent on a gateway finds for an entry, in one family.
public enum CiliumEgressIP: Sendable, Hashable {
    case address(IPAddress)
    /// Nothing is found: the table has zeros.
    case none(String)
    /// The node hasn't said what it has; `intended` is what the policy names.
    case unknown(String, intended: IPAddress?)

    /// What is found, or would be if the node has what the policy names.
    public var likely: IPAddress? {
        switch self {
        case .address(let address): address
        case .none: nil
        case .unknown(_, let intended): intended
        }
    }
}

/// What Cilium's agent derives for one gateway entry on the chosen node, from devices, addresses and routes.
struct CiliumDerivation: Sendable, Hashable {
    private(set) var ipv4: CiliumEgressIP
    private(set) var ipv6: CiliumEgressIP
    /// As the agent calls it: an alternative name stays one.
    private(set) var interface: String?
    /// 0: the route decides; `nil`: there is none.
    private(set) var interfaceIndex: Int?

    subscript(family: IPFamily) -> CiliumEgressIP {
        get { family == .ipv4 ? ipv4 : ipv6 }
        set { if family == .ipv4 { ipv4 = newValue } else { ipv6 = newValue } }
    }

    /// Whether everything that was needed was found, so that the agent calls itself a gateway.
    var isWhole: Bool { interface != nil }

    private init(failing why: String) {
        ipv4 = .none(why)
        ipv6 = .none(why)
    }

    init(_ source: GatewayEntry.Source, _ families: [IPFamily], on report: EgressNode?, _ profile: CiliumProfile) {
        guard let report, !report.interfaces.isEmpty else {
            self.init(source, unreported: "what the node has isn't known: it doesn't report")
            return
        }
        switch source {
        case .interface(let name):
            let device = report.interfaces.first { $0.name == name } ?? report.interfaces.first { $0.altNames.contains(name) }
            self.init(device, named: name, families, index: device?.index, "\(report.name) has no interface \(name)")
        case .address(let address): self.init(address, families, report, profile)
        case .defaultRoute: self.init(defaultRouteOf: report, families)
        }
    }

    private init(_ source: GatewayEntry.Source, unreported why: String) {
        self.init(failing: why)
        var named: IPAddress?
        if case .address(let address) = source { named = address }
        for family in IPFamily.allCases { self[family] = .unknown(why, intended: named?.family == family ? named : nil) }
    }

    /// The device's first addresses; a needed family that it lacks fails all.
    private init(_ device: NetworkInterface?, named name: String, _ families: [IPFamily], index: Int?, _ absence: String) {
        guard let device else {
            self.init(failing: absence)
            return
        }
        guard device.isUp else {
            self.init(.defaultRoute, unreported: "interface \(name) is down, and what Cilium makes of that isn't confirmed")
            return
        }
        if let lacking = families.first(where: { device.firstGlobalAddress($0) == nil }) {
            self.init(failing: "interface \(name) has no \(lacking.title) address, and that fails both families")
            return
        }
        self.init(failing: "no destination needs it")
        for family in families { self[family] = device.firstGlobalAddress(family).map { .address($0) } ?? .none("no address") }
        (interface, interfaceIndex) = (name, index)
    }

    /// The named address, and for the other family the first one of its device.
    private init(_ address: IPAddress, _ families: [IPFamily], _ report: EgressNode, _ profile: CiliumProfile) {
        guard let device = report.interfaces.first(where: { $0.addresses.contains { $0.address == address } }) else {
            self.init(failing: "no interface of \(report.name) holds \(address)")
            if !profile.needsAddressOnDevice { self[address.family] = .address(address) }
            return
        }
        self.init(failing: "no destination needs it")
        let missing = families.filter { $0 != address.family && device.firstGlobalAddress($0) == nil }
        if let lacking = missing.first, !profile.keepsOneFamily {
            self.init(failing: "interface \(device.name) has no \(lacking.title) address, and that fails both families")
            return
        }
        for family in families { self[family] = device.firstGlobalAddress(family).map { .address($0) } ?? .none("no address") }
        for family in missing { self[family] = .none("interface \(device.name) has no \(family.title) address") }
        self[address.family] = .address(address)
        (interface, interfaceIndex) = (device.name, 0)
    }

    /// IPv4's default route names the device; IPv6's must name the same one.
    private init(defaultRouteOf report: EgressNode, _ families: [IPFamily]) {
        guard let name = report.defaultRoute.ipv4 else {
            self.init(failing: "\(report.name) has no IPv4 default route")
            return
        }
        if families.contains(.ipv6), report.defaultRoute.ipv6 != name {
            let other = report.defaultRoute.ipv6.map { "is by \($0)" } ?? "isn't there"
            self.init(failing: "the IPv4 default route is by \(name), IPv6's \(other), and that fails both families")
            return
        }
        let device = report.interfaces.first { $0.name == name }
        self.init(device, named: name, families, index: device?.index, "\(report.name) has no interface \(name)")
    }
}
