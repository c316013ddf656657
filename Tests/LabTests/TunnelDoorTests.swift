import Foundation
import TestKit
import Testing

/// The tunnel is not a door: hand-made VXLAN from a pod gets nowhere.
@Suite(.requires(.lab), .serialized)
struct TunnelDoorTests {
    /// A request that node-2 would serve if it believed it: entry 1, a chosen inner source, to nginx's address.
    private func forgery(source: String? = nil) -> String {
        """
        from scapy.all import IP, UDP, Ether, VXLAN, Raw, send
        inner = Ether(dst="02:00:00:00:00:01", src="02:00:00:00:00:02")/IP(src="10.244.1.2", dst="\(Lab.outside)")/UDP(sport=4000, dport=5353)/b"forged"
        outer = IP(\(source.map { "src=\"\($0)\", " } ?? "")dst="192.0.2.12")/UDP(sport=5000, dport=8474)/VXLAN(vni=1, flags=8)/inner
        send(outer, count=5, verbose=0)
        """
    }

    @Test func `a pod's own tunnel packet is dropped where it would be forwarded`() async throws {
        try await Lab.with { lab in
            try lab.apply(samplePolicy())
            #expect(try lab.exec("bystander", "/usr/bin/python3", "-c", forgery()).succeeded)
            let rules = try lab.exec("node-1", "nft", "list", "table", "inet", "kubectl_egress").output
            #expect(rules.contains("dport 8474 counter packets 5 "), "\(rules)")
            #expect(try lab.counter("translated", node: "node-2") == 0)
        }
    }

    @Test func `a tunnel packet from a node's address without the token is dropped by its reason`() async throws {
        try await Lab.with { lab in
            try lab.apply(samplePolicy())
            #expect(try lab.exec("node-1", "/usr/bin/python3", "-c", forgery()).succeeded)
            #expect(try lab.counter("token", node: "node-2") == 5)
            #expect(try lab.counter("translated", node: "node-2") == 0)
        }
    }
}
