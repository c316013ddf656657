import Foundation
import TestKit
import Testing

/// A packet that a policy claims leaves by its egress IP or not at all.
@Suite(.requires(.lab), .serialized)
struct FailClosedTests {
    @Test func `a gateway that nobody matches drops what the policy claims, and says so`() async throws {
        try await Lab.with { lab in
            try lab.apply(samplePolicy(gateway: "node-9"))
            #expect(try lab.seen("mediabot", timeout: 1) == nil)
            #expect(try lab.seen("bystander") == "192.0.2.11")
            #expect(try lab.egress("status").output.contains("EG1001"))
            #expect(try lab.egress("explain", "pod", "mediabot", "--to", Lab.outside).output.contains("EG1001"))
            #expect(try lab.counter("no_gateway", node: "node-1") > 0)
        }
    }

    @Test func `an egress IP that no interface has drops what the policy claims, and heals when it arrives`() async throws {
        try await Lab.with { lab in
            try lab.apply(samplePolicy(source: "egressIP: 198.51.100.150"))
            #expect(try lab.seen("mediabot", timeout: 1) == nil)
            #expect(try lab.seen("mediabot-on-gateway", timeout: 1) == nil)
            #expect(try lab.egress("status").output.contains("EG1101"))
            _ = try lab.exec("underlay", "ip", "route", "add", "198.51.100.150/32", "via", "192.0.2.12")
            _ = try lab.exec("node-2", "ip", "address", "add", "198.51.100.150/32", "dev", "eth0")
            #expect(try await lab.eventuallySeen("mediabot", as: "198.51.100.150") == "198.51.100.150")
        }
    }

    @Test func `while label and policy change under load, nginx never sees the node's address for a claimed pod`() async throws {
        try await Lab.with { lab in
            try lab.apply(samplePolicy())
            #expect(try lab.seen("mediabot") == Lab.egressIP)
            let before = try lab.accessLog().count
            let load = try lab.start(
                "mediabot", "sh", "-c",
                "for i in $(seq 200); do curl -s -o /dev/null --max-time 1 http://\(Lab.outside)/load; done; echo done")
            defer { load.stop() }
            for round in 0..<3 {
                try lab.apply(samplePolicy(gateway: "node-3", source: "egressIP: \(Lab.secondEgressIP)"), wait: round == 2)
                try await Task.sleep(for: .milliseconds(150))
                try lab.apply(samplePolicy(), wait: round == 2)
                try await Task.sleep(for: .milliseconds(150))
            }
            #expect(load.finish().output.contains("done"))
            let seen = Set(try lab.accessLog().dropFirst(before).map { String($0.prefix { $0 != " " }) })
            #expect(!seen.isEmpty)
            #expect(seen.isSubset(of: [Lab.egressIP, Lab.secondEgressIP]), "\(seen)")
        }
    }

    @Test func `IPv6 that a policy claims leaves by an egress IP of its own, or not at all`() async throws {
        try await Lab.with { lab in
            let family = LabFamily.ipv6
            #expect(try lab.seen("mediabot", server: family.server) == "2001:db8:2::11", "before the policy")
            // The address of the same interface as the IPv4 one that the policy names.
            try lab.apply(samplePolicy(destinations: #"["0.0.0.0/0", "::/0"]"#))
            #expect(try lab.seen("mediabot", server: family.server) == family.egressIP)
            #expect(try lab.seen("bystander", server: family.server) == "2001:db8:2::11")
            try lab.apply(family.policy(name: "egress-sample", egressIP: family.freeEgressIP))
            try lab.apply(samplePolicy())
            #expect(try await lab.eventuallySeen("mediabot", server: family.server, as: nil) == nil)
            #expect(try lab.seen("mediabot") == Lab.egressIP)
        }
    }

    @Test func `a TCP packet without a record is dropped, not let go`() async throws {
        try await Lab.with { lab in
            try lab.apply(samplePolicy())
            let before = try lab.counter("no_flow", node: "node-1")
            let stray = """
                from scapy.all import IP, TCP, send
                send(IP(dst="\(Lab.outside)")/TCP(sport=40123, dport=80, flags="PA", seq=1, ack=1)/b"stray", verbose=0)
                """
            #expect(try lab.exec("mediabot", "/usr/bin/python3", "-c", stray).succeeded)
            #expect(try lab.counter("no_flow", node: "node-1") > before)
        }
    }

    @Test(arguments: ["tcx", "clsact"])
    func `the guard stops a claimed packet when a program was taken off its device`(attach: String) async throws {
        guard attach == "clsact" || Requirement.tcx.isMet else { return }
        try await Lab.with(attach: attach) { lab in
            if attach == "tcx" {
                // As a CNI's that may lead packets past netfilter: uplinks are guarded then. By clsact that can't be known.
                let filter = "ingress pref 7 protocol all bpf bytecode '1,6 0 0 0' flowid 1:1"
                let others =
                    "for d in $(ls /sys/class/net | grep ^veth); do tc qdisc add dev $d clsact; tc filter add dev $d \(filter); done"
                #expect(try lab.exec("node-1", "sh", "-e", "-c", others).errors == "")
            }
            try lab.apply(samplePolicy(destinations: #"["0.0.0.0/0", "::/0"]"#))
            #expect(try lab.seen("mediabot") == Lab.egressIP)
            // Whoever removes the classifier (a CNI that resets clsact, a person) must not open a leak.
            try lab.call("stop", "node-1", "helper", "KILL")
            let removal =
                attach == "tcx"
                ? "rm \(lab.path.path)/bpf/node-1/v*/links/egress_pod-* && echo removed"
                : "for d in $(ls /sys/class/net | grep ^veth); do tc qdisc del dev $d clsact 2>/dev/null && echo removed; done; true"
            let devices = try lab.exec("node-1", "sh", "-c", removal)
            #expect(devices.output == "removed\n", "mediabot's veth, and no other")
            #expect(try lab.seen("mediabot", timeout: 1) == nil)
            #expect(try lab.seen("bystander") == "192.0.2.11")
            // As with a CNI that goes past netfilter: no masquerade, and nothing of ours there.
            let nothing = "nft flush ruleset; iptables-legacy -t nat -F; ip6tables-legacy -t nat -F"
            _ = try lab.exec("node-1", "sh", "-c", nothing)
            for (pod, leaves) in [("bystander", true), ("mediabot", false)] {
                for server in [Lab.outside, Lab.outside6] {
                    let left = try Self.leftNode1(lab, pod, to: server)
                    #expect(left == leaves, "\(pod) to \(server) with its own address")
                }
            }
            try lab.call("start-helper", "node-1")
            _ = try await lab.eventually("\"name\":\"guard\"", within: 5) { try lab.ask("counters.get", node: "node-1") }
            #expect(try lab.counter("guard", node: "node-1") >= 2)
        }
    }

    /// Whether a pod's packets come out of its node with its own address.
    private static func leftNode1(_ lab: Lab, _ pod: String, to server: String) throws -> Bool {
        let address = server.contains(":") ? "ip6 saddr fd00::/8 ip6" : "ip saddr 10.0.0.0/8 ip"
        let rules = """
            table inet left {
            chain in {
            type filter hook prerouting priority -300;
            \(address) daddr \(server) counter
            }
            }
            """
        _ = try lab.exec("underlay", "nft", rules)
        defer { _ = try? lab.exec("underlay", "nft", "delete", "table", "inet", "left") }
        let target = server.contains(":") ? "[\(server)]" : server
        _ = try lab.exec(pod, "curl", "-sS", "--max-time", "0.4", "http://\(target)/")
        let counted = try lab.exec("underlay", "nft", "list", "table", "inet", "left").output
        guard counted.contains("counter packets") else { throw TestKitError("no witness: \(counted)") }
        return !counted.contains("counter packets 0 ")
    }
}
