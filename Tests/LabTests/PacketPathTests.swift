import Foundation
import TestKit
import Testing

/// The whole path with the built programs; nginx's access log is the witness.
@Suite(.requires(.lab), .serialized)
struct PacketPathTests {
    @Test(arguments: ["auto", "clsact"])
    func `pods leave by the egress IP, from the client node and from the gateway itself`(attach: String) async throws {
        try await Lab.with(attach: attach) { lab in
            #expect(try lab.seen("mediabot") == "192.0.2.11")
            try lab.apply(samplePolicy())
            #expect(try lab.seen("mediabot") == Lab.egressIP)
            #expect(try lab.seen("mediabot-on-gateway") == Lab.egressIP)
            #expect(try lab.seen("bystander") == "192.0.2.11")
        }
    }

    /// Who says that a packet's hops end, asked with a ping and with a datagram.
    private static let hops = """
        import socket, subprocess, sys
        server, hops = sys.argv[1], int(sys.argv[2])
        six = ":" in server
        level, ttl, errors, at, end = (41, 16, 25, 24, 40) if six else (0, 2, 11, 20, 24)
        s = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM)
        s.setsockopt(level, ttl, hops)
        s.setsockopt(level, errors, 1)
        s.connect((server, 33434))
        s.send(b"x" * 12)
        ping = subprocess.run(["ping", "-n", "-c1", "-W1", "-t", str(hops), server], capture_output=True, text=True).stdout
        said = [line.split()[1].rstrip(":") for line in ping.splitlines() if line.startswith("From ")]
        ancillary = s.recvmsg(512, 512, socket.MSG_ERRQUEUE | socket.MSG_DONTWAIT)[1]
        print(*said, socket.inet_ntop(s.family, ancillary[0][2][at:end]))
        """

    @Test func `UDP and ping leave by the egress IP, and where their hops end the pod is told`() async throws {
        try await Lab.with { lab in
            try lab.apply(samplePolicy(name: "egress-sample-6", source: "egressIP: \"\(Lab.egressIP6)\"", destinations: #"["::/0"]"#))
            try lab.apply(samplePolicy())
            for (pod, hops, says) in [
                ("mediabot", 1, "11"), ("mediabot", 2, "12"), ("mediabot", 3, "1"), ("mediabot-on-gateway", 1, "12"),
            ] {
                for (server, network) in [(Lab.outside, "192.0.2."), (Lab.outside6, "2001:db8:2::")] {
                    let told = try lab.exec(pod, "python3", "-c", Self.hops, server, "\(hops)")
                    #expect(told.output == "\(network)\(says) \(network)\(says)\n", "\(pod), hop \(hops): \(told.errors)")
                }
            }
            let echo = try UDPEcho(lab)
            defer { echo.stop() }
            for pod in ["mediabot", "mediabot-on-gateway"] {
                #expect(try echo.peer(from: pod) == Lab.egressIP)
            }
            #expect(try echo.peer(from: "bystander") == "192.0.2.11")

            let rules =
                "table inet egt { chain c { type filter hook input priority 0; ip saddr \(Lab.egressIP) icmp type echo-request counter\n }\n }"
            #expect(try lab.exec("outside", "nft", rules).succeeded)
            #expect(try lab.exec("mediabot", "ping", "-c", "3", "-i", "0.2", "-W", "2", Lab.outside).succeeded)
            #expect(try lab.exec("outside", "nft", "list", "table", "inet", "egt").output.contains("counter packets 3 "))
        }
    }

    @Test func `an excluded destination is left by the node's address`() async throws {
        try await Lab.with { lab in
            try lab.apply(samplePolicy(excluded: #"["203.0.113.11/32"]"#))
            #expect(try lab.seen("mediabot") == Lab.egressIP)
            #expect(try lab.seen("mediabot", server: "203.0.113.11") == "192.0.2.11")
        }
    }

    @Test func `pods still reach each other, the nodes, and are reached from outside`() async throws {
        try await Lab.with { lab in
            try lab.apply(samplePolicy())
            for target in ["10.244.2.2", "10.244.1.3", "192.0.2.11", "192.0.2.12", "192.0.2.13"] {
                #expect(try lab.exec("mediabot", "ping", "-c", "1", "-W", "2", target).succeeded, "mediabot to \(target)")
            }
            // A connection that came in is answered by the pod's own address, not steered.
            _ = try lab.exec("underlay", "ip", "route", "add", "10.244.1.0/24", "via", "192.0.2.11")
            let server = try HTTPServer(lab, pod: "mediabot", port: 8080)
            defer { server.stop() }
            let answer = try lab.exec("outside", "curl", "-sS", "--max-time", "3", "http://10.244.1.2:8080/")
            #expect(answer.succeeded, "\(answer.errors)")
        }
    }

    @Test func `the interface and the default route modes leave by the gateway's own address`() async throws {
        try await Lab.with { lab in
            try lab.apply(samplePolicy(source: "interface: eth0"))
            #expect(try lab.seen("mediabot") == "192.0.2.12")
            #expect(try lab.seen("mediabot-on-gateway") == "192.0.2.12")
            try lab.apply(samplePolicy(source: ""))
            #expect(try lab.seen("mediabot") == "192.0.2.12")
        }
    }

    @Test func `a second gateway is prepared, not chosen, and takes over when the first isn't ready`() async throws {
        try await Lab.with { lab in
            try lab.apply(samplePolicy(gatewayLabel: "role: egress", source: "interface: eth0"))
            #expect(try lab.seen("mediabot") == "192.0.2.12")
            let prepared = try String(contentsOf: lab.cluster.appendingPathComponent("egressnode.node-3.yaml"), encoding: .utf8)
            #expect(prepared.contains("policy: egress-sample"), "\(prepared)")
            #expect(try lab.counter("translated", node: "node-3") == 0)
            try lab.call("ready", "node-2", "False")
            #expect(try await lab.eventuallySeen("mediabot", as: "192.0.2.13") == "192.0.2.13")
            #expect(try lab.egress("explain", "pod", "mediabot", "--to", Lab.outside).output.contains("node-3"))
        }
    }

    @Test func `a label taken away or given takes effect without a restart`() async throws {
        try await Lab.with { lab in
            try lab.apply(samplePolicy())
            let manifest = lab.cluster.appendingPathComponent("pod.mediabot.yaml")
            let labelled = try String(contentsOf: manifest, encoding: .utf8)
            try Data(labelled.replacing("class: \"mediabot\"", with: "class: \"web\"").utf8).write(to: manifest, options: .atomic)
            #expect(try await lab.eventuallySeen("mediabot", as: "192.0.2.11") == "192.0.2.11")
            try Data(labelled.utf8).write(to: manifest, options: .atomic)
            #expect(try await lab.eventuallySeen("mediabot", as: Lab.egressIP) == Lab.egressIP)
        }
    }

    @Test func `a plugin module chooses the egress IP`() async throws {
        try await Lab.with { lab in
            _ = try lab.exec("node-2", "ip", "address", "add", "198.51.100.101/32", "dev", "eth0")
            _ = try lab.exec("underlay", "ip", "route", "add", "198.51.100.101/32", "via", "192.0.2.12")
            let strategy = #"kubectl-egress.dev/strategy: static, kubectl-egress.dev/strategy-config: '{"ipv4":["198.51.100.101"]}'"#
            try lab.apply(samplePolicy(source: "", annotations: strategy))
            #expect(try lab.seen("mediabot") == "198.51.100.101")
            #expect(try lab.seen("mediabot-on-gateway") == "198.51.100.101")
        }
    }
}
