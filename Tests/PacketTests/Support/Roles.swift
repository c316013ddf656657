import EgressModel
import EgressPlan

/// Who is who in packet tests. Documentation addresses (RFC 5737), and private ones for what is inside.
enum Role {
    static let pod = address(10, 1, 0, 5)
    static let otherPod = address(10, 1, 0, 6)
    /// A pod of the other node, for which this one is the gateway.
    static let remotePod = address(10, 1, 1, 9)
    static let thisNode = address(172, 18, 0, 2)
    static let otherNode = address(172, 18, 0, 3)
    static let router = address(172, 18, 0, 1)
    static let server = address(198, 51, 100, 9)
    static let otherServer = address(198, 51, 100, 10)
    static let egress = address(203, 0, 113, 10)
    static let sharedEgress = thisNode

    static let set: UInt32 = 7
    static let policy: UInt32 = 1
    /// Given out by this node, as a gateway.
    static let localEntry: UInt32 = 5
    /// Given out by the other node.
    static let remoteEntry: UInt32 = 17

    static let token: [UInt8] = [0x0a, 1, 2, 3, 4, 5, 0x0b, 7, 8, 9, 10, 11]
    static let olderToken: [UInt8] = [0xff, 1, 1, 1, 1, 1, 0xff, 1, 1, 1, 1, 1]
    static let tunnelMTU = 1450

    static func address(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) -> IPAddress {
        IPAddress(ipv4: UInt32(a) << 24 | UInt32(b) << 16 | UInt32(c) << 8 | UInt32(d))
    }

    /// As it lies in the Ethernet header: two local unicast MAC addresses.
    static func onWire(_ token: [UInt8]) -> [UInt8] {
        token.enumerated().map { $0.offset % 6 == 0 ? $0.element & 0xfc | 0x02 : $0.element }
    }
}
