import EgressModel
import EgressPolicy
import EngineSamples
import Testing

@Suite struct TunnelFamilyTests {
    private func nodes(_ addresses: [[IPAddress]]) -> [Node] {
        addresses.enumerated().map { number, addresses in
            Node(metadata: ObjectMetadata(name: "node-\(number)", uid: "uid-\(number)"), internalAddresses: addresses)
        }
    }

    @Test func `the tunnel is of the first family that all nodes share, IPv4 before IPv6`() {
        #expect(nodes([["192.0.2.1", "2001:db8::1"], ["2001:db8::2", "192.0.2.2"]]).tunnelFamily == .ipv4)
        #expect(nodes([["192.0.2.1", "2001:db8::1"], ["2001:db8::2"]]).tunnelFamily == .ipv6)
        #expect(nodes([["2001:db8::1"], ["2001:db8::2"]]).tunnelFamily == .ipv6)
    }

    @Test func `where nodes share none it is IPv4`() {
        #expect(nodes([["192.0.2.1"], ["2001:db8::2"]]).tunnelFamily == .ipv4)
        #expect([Node]().tunnelFamily == .ipv4)
    }
}
