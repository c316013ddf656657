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

    @Test func `IPv6 that a policy claims is dropped until it is carried`() async throws {
        try await Lab.with { lab in
            for (name, address) in [("mediabot", "2001:db8:f1::2"), ("bystander", "2001:db8:f1::3")] {
                _ = try lab.exec(name, "ip", "address", "add", "\(address)/64", "dev", "eth0", "nodad")
                _ = try lab.exec(name, "ip", "-6", "route", "add", "default", "via", "2001:db8:f1::1")
            }
            _ = try lab.exec("node-1", "ip", "address", "add", "2001:db8:f1::1/64", "dev", "cni0", "nodad")
            _ = try lab.exec("underlay", "ip", "-6", "route", "add", "2001:db8:f1::/64", "via", "2001:db8:2::11")
            let ping = ["ping", "-6", "-c", "1", "-W", "2", "2001:db8:113::10"]
            // Neighbour discovery through a bridge that just got its address takes a moment.
            var open = try lab.run("exec", ["mediabot"] + ping)
            for _ in 0..<10 where !open.succeeded { open = try lab.run("exec", ["mediabot"] + ping) }
            #expect(open.succeeded, "before the policy")
            try lab.apply(samplePolicy(destinations: #"["0.0.0.0/0", "::/0"]"#))
            #expect(try !lab.run("exec", ["mediabot"] + ping).succeeded, "claimed")
            #expect(try lab.run("exec", ["bystander"] + ping).succeeded, "not claimed")
            #expect(try lab.counter("family", node: "node-1") > 0)
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

    @Test func `the guard stops a claimed packet when a program was taken off its device`() async throws {
        try await Lab.with(attach: "clsact") { lab in
            try lab.apply(samplePolicy())
            #expect(try lab.seen("mediabot") == Lab.egressIP)
            // Whoever removes the classifier (a CNI that resets clsact, a person) must not open a leak.
            try lab.call("stop", "node-1", "helper", "KILL")
            let removal =
                "for d in $(ls /sys/class/net | grep ^veth); do tc qdisc del dev $d clsact 2>/dev/null && echo removed; done; true"
            let devices = try lab.exec("node-1", "sh", "-c", removal)
            #expect(devices.output == "removed\n", "mediabot's veth, and no other")
            #expect(try lab.seen("mediabot", timeout: 1) == nil)
            #expect(try lab.seen("bystander") == "192.0.2.11")
        }
    }
}
