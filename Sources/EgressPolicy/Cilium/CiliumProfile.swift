/// What one release of Cilium does where releases differ.
///
/// | since | what |
/// |---|---|
/// | 1.14 | `excludedCIDRs`; a pod whose policy has no gateway is dropped, not let out |
/// | 1.18 | IPv6; `egressGateways`; an `egressIP` must be on a device |
/// | 1.20 | IPv6 as `egressIP`; the interface's index in the table |
/// | 1.20.2 | a device without an address of the other family costs that family alone (cilium#48660) |
public struct CiliumProfile: Sendable, Hashable {
    public let version: CiliumVersion

    public init(_ version: CiliumVersion) { self.version = version }

    public var readsExclusions: Bool { version.minor >= 14 }
    public var dropsWithoutGateway: Bool { version.minor >= 14 }
    public var carriesIPv6: Bool { version.minor >= 18 }
    public var readsGatewayList: Bool { version.minor >= 18 }
    public var takesIPv6EgressIP: Bool { version.minor >= 20 }
    /// Before, it translates to an `egressIP` that no device of the gateway holds, and whoever announces it gets the replies.
    public var needsAddressOnDevice: Bool { version.minor >= 18 }
    /// Whether a gateway without an egress IP drops; `nil`: since when before 1.18 isn't confirmed.
    public var dropsWithoutEgressIP: Bool? { version.minor >= 18 ? true : nil }
    /// With `egressIP`: what becomes of the family that the address isn't of, when its device has none of it.
    public var keepsOneFamily: Bool { version.minor != 20 || (version.patch ?? .max) >= 2 }
    public var showsInterfaceIndex: Bool { version.minor >= 20 }
}
