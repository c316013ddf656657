import Foundation
import TestKit
import Testing

/// Gives the tests of a suite one lab whose nodes know each other by IPv6 only, with the sample policy of both families in
/// force. A test leaves it as it found it.
struct IPv6Underlay: SuiteTrait, TestScoping {
    @TaskLocal static var current: Lab?

    static let gateway = "2001:db8:2::12"
    /// Of the outer headers: Ethernet, IPv6, UDP and VXLAN.
    static let overhead = 70

    func provideScope(for test: Test, testCase: Test.Case?, performing body: @Sendable () async throws -> Void) async throws {
        try await Lab.with(options: ["--underlay", "ipv6", "--pod-mtu", "1500"]) { lab in
            try lab.applyBothFamilies()
            try await Self.$current.withValue(lab) { try await body() }
        }
    }
}

extension Trait where Self == IPv6Underlay {
    static var ipv6Underlay: Self { IPv6Underlay() }
}

extension Lab {
    /// Sets what the links between the nodes take, while everything runs.
    func narrow(to mtu: Int) throws {
        for node in ["node-1", "node-2", "node-3"] {
            for (place, device) in [(node, "eth0"), ("underlay", node)] {
                guard try exec(place, "ip", "link", "set", device, "mtu", "\(mtu)").succeeded else {
                    throw TestKitError("the mtu of \(device) in \(place) can't be set")
                }
            }
        }
        // What a pod has learnt of its way before isn't asked again.
        for family in ["-4", "-6"] { _ = try exec("mediabot", "ip", family, "route", "flush", "cache") }
    }

    /// The file of the tunnel's tokens, one a line.
    var tokenFile: String { cluster.appendingPathComponent(".kubectl-egress/tunnel-token").path }

    /// Puts tokens in force on the pod's node and its gateway: agents read them when they start, and every ten seconds.
    func useTokens(_ tokens: [String]) throws {
        let path = tokenFile
        try Data((tokens.joined(separator: "\n") + "\n").utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        for node in ["node-1", "node-2"] {
            try call("stop", node, "agent", "KILL")
            try call("start-agent", node)
        }
    }
}

/// Hand-made VXLAN to the gateway, as anybody who can open a socket makes it: five packets of each kind.
struct Forgery {
    /// As the tunnel's file has it: 24 hexadecimal digits.
    var token = "020000000001020000000002"
    var source = "10.244.1.2"

    /// What makes and sends it, with nothing but a socket; the token's two halves go out as MAC addresses do.
    static func program(_ forgeries: [Forgery]) -> String {
        let list = forgeries.map { "(\"\($0.token)\", \"\($0.source)\")" }.joined(separator: ", ")
        return """
            import socket, struct
            data = struct.pack(">HHHH", 4000, 5353, 14, 0) + b"forged"
            s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
            for token, source in [\(list)]:
                mac = bytearray.fromhex(token)
                for half in (0, 6): mac[half] = mac[half] & 0xfc | 2
                ends = socket.inet_aton(source) + socket.inet_aton("\(Lab.outside)")
                inner = struct.pack(">BBHHHBBH8s", 0x45, 0, 20 + len(data), 0, 0, 64, 17, 0, ends) + data
                packet = bytes([8, 0, 0, 0, 0, 0, 1, 0]) + mac + b"\\x08\\x00" + inner
                for _ in range(5): s.sendto(packet, ("\(IPv6Underlay.gateway)", 8474))
            """
    }
}
