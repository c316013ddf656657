// SPDX-License-Identifier: Apache-2.0
import EgressModel

/// The frame by which a node tells its link that an address is at its door now, so that neighbours that know it elsewhere
/// send here at once.
struct EgressAnnouncement {
    let address: IPAddress
    private let hardware: [UInt8]

    /// `nil` unless the hardware address is an Ethernet one.
    init?(address: IPAddress, hardwareAddress: [UInt8]) {
        guard hardwareAddress.count == 6 else { return nil }
        self.address = address
        hardware = hardwareAddress
    }

    var frame: [UInt8] {
        switch address.family {
        case .ipv4: arpAnnouncement
        case .ipv6: neighbourAdvertisement
        }
    }

    /// RFC 5227, section 3: an ARP request to everybody whose sender and target are the address.
    private var arpAnnouncement: [UInt8] {
        let everybody = [UInt8](repeating: 0xFF, count: 6)
        let request: [UInt8] = [0, 1, 0x08, 0x00, 6, 4, 0, 1]
        let body = request + hardware + address.octets + [0, 0, 0, 0, 0, 0] + address.octets
        let frame = everybody + hardware + [0x08, 0x06] + body
        return frame + [UInt8](repeating: 0, count: Self.shortest - frame.count)
    }

    /// RFC 4861, sections 4.4 and 7.2.6: to all nodes, with the override flag and the target's link-layer address.
    private var neighbourAdvertisement: [UInt8] {
        let allNodes: [UInt8] = [0xFF, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
        let option: [UInt8] = [2, 1] + hardware
        let override: [UInt8] = [0x20, 0, 0, 0]
        let unsummed: [UInt8] = [136, 0, 0, 0] + override + address.octets + option
        let length: [UInt8] = [0, UInt8(truncatingIfNeeded: unsummed.count)]
        let sum = Self.checksum(address.octets + allNodes + [0, 0] + length + [0, 0, 0, 58] + unsummed)
        let message = unsummed[..<2] + [UInt8(truncatingIfNeeded: sum >> 8), UInt8(truncatingIfNeeded: sum)] + unsummed[4...]
        let header: [UInt8] = [0x60, 0, 0, 0] + length + [58, 255] + address.octets + allNodes
        return [0x33, 0x33, 0, 0, 0, 1] + hardware + [0x86, 0xDD] + header + message
    }

    /// Ethernet's least, without the checksum.
    private static let shortest = 60

    /// RFC 1071, of an even number of octets.
    private static func checksum(_ octets: [UInt8]) -> UInt16 {
        var sum: UInt32 = 0
        for (position, octet) in octets.enumerated() { sum += UInt32(octet) << (position.isMultiple(of: 2) ? 8 : 0) }
        while sum > 0xFFFF { sum = (sum & 0xFFFF) + (sum >> 16) }
        return ~UInt16(truncatingIfNeeded: sum)
    }
}
