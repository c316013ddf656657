import Foundation
import TestKit
import Testing

/// What others enforce in FORWARD holds for steered pods: found by itself, and obeyed.
@Suite(.requires(.lab), .serialized)
struct SteeringPolicyTests {
    private static let denied = "203.0.113.11"

    /// As their makers write them; `$pod` may reach everything but `$denied`.
    static let enforcers: [(name: String, says: String, script: String)] = [
        (
            "Calico", "Calico",
            """
            $ipt -N cali-FORWARD; $ipt -N cali-from-wl-dispatch; $ipt -N cali-fw-pod; $ipt -N cali-po-egress
            $ipt -A FORWARD -m comment --comment "cali:wUHhoiAYhphO9Mso" -j cali-FORWARD
            $ipt -A cali-FORWARD -m comment --comment "cali:vjrMJCRpqwy5oRoX" -j MARK --set-xmark 0x0/0xe0000
            $ipt -A cali-FORWARD -s $pod -m comment --comment "cali:8ZoYfO5HKXWbB3pk" -j cali-from-wl-dispatch
            $ipt -A cali-FORWARD -m mark --mark 0x10000/0x10000 -m comment --comment "cali:MH9kMp5aNICL-Olv" -j ACCEPT
            $ipt -A cali-from-wl-dispatch -s $pod -j cali-fw-pod
            $ipt -A cali-fw-pod -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
            $ipt -A cali-fw-pod -m conntrack --ctstate INVALID -j DROP
            $ipt -A cali-fw-pod -j MARK --set-xmark 0x0/0x30000
            $ipt -A cali-fw-pod -m mark --mark 0x0/0x20000 -j cali-po-egress
            $ipt -A cali-fw-pod -m mark --mark 0x10000/0x10000 -j RETURN
            $ipt -A cali-fw-pod -m comment --comment "Drop if no policies passed packet" -m mark --mark 0x0/0x20000 -j DROP
            $ipt -A cali-po-egress ! -d $denied -j MARK --set-xmark 0x10000/0x10000
            """
        ),
        (
            "kube-router", "kube-router",
            """
            $ipt -N KUBE-ROUTER-FORWARD; $ipt -N KUBE-POD-FW-ABC; $ipt -N KUBE-NWPLCY-XYZ
            $ipt -A FORWARD -m comment --comment "kube-router netpol - TEMCG2JMHZYE7H7T" -j KUBE-ROUTER-FORWARD
            $ipt -A KUBE-ROUTER-FORWARD -s $pod -j KUBE-POD-FW-ABC
            $ipt -A KUBE-ROUTER-FORWARD -d $pod -j KUBE-POD-FW-ABC
            $ipt -A KUBE-ROUTER-FORWARD -m mark --mark 0x20000/0x20000 -j ACCEPT
            $ipt -A KUBE-POD-FW-ABC -m conntrack --ctstate INVALID -j DROP
            $ipt -A KUBE-POD-FW-ABC -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
            $ipt -A KUBE-POD-FW-ABC -j KUBE-NWPLCY-XYZ
            $ipt -A KUBE-POD-FW-ABC -m mark ! --mark 0x10000/0x10000 -j REJECT --reject-with icmp-port-unreachable
            $ipt -A KUBE-POD-FW-ABC -j MARK --set-mark 0/0x10000
            $ipt -A KUBE-POD-FW-ABC -j MARK --set-mark 0x20000/0x20000
            $ipt -A KUBE-NWPLCY-XYZ ! -d $denied -j MARK --set-xmark 0x10000/0x10000
            """
        ),
        (
            "a table of nft's", "a rule may drop",
            """
            nft add table inet site
            nft 'add chain inet site forward { type filter hook forward priority 0; policy accept; }'
            nft add chain inet site deny
            nft add rule inet site deny counter drop
            nft add rule inet site forward ip daddr vmap "{ $denied : jump deny }"
            """
        ),
    ]

    @Test func `rules in FORWARD are found and hold for a steered pod, and nothing is passed by once they are gone`() async throws {
        try await Lab.with { lab in
            try lab.apply(samplePolicy())
            try await lab.expectSteered("node-1", by: "redirect")
            #expect(try lab.seen("mediabot", server: Self.denied) == Lab.egressIP, "before any rules")
            for (program, enforcer) in Self.cases {
                let name = "\(enforcer.name) by \(program)"
                let script = "ipt=\(program); pod=10.244.1.2; denied=\(Self.denied)\n" + enforcer.script
                #expect(try lab.exec("node-1", "sh", "-e", "-c", script).errors == "", "\(name)")
                try await lab.expectSteered("node-1", by: "stack")
                #expect(try lab.seen("mediabot", server: Self.denied, timeout: 0.5) == nil, "\(name) denies it")
                #expect(try lab.seen("mediabot") == Lab.egressIP, "\(name) allows it")
                let explained = try await lab.eventually(enforcer.says) { try explanation(lab) }
                #expect(explained.contains("steered by stack (\(enforcer.says)"), "\(name): \(explained)")
                let cleaning = "\(program) -F; \(program) -X; nft delete table inet site 2>/dev/null; true"
                #expect(try lab.exec("node-1", "sh", "-c", cleaning).succeeded)
                try await lab.expectSteered("node-1", by: "redirect")
            }
            #expect(try lab.seen("mediabot", server: Self.denied) == Lab.egressIP, "after all rules")
            #expect(try explanation(lab).contains("nothing on the node decides in FORWARD"))
        }
    }

    /// Each way of writing rules, and each of those who write them.
    private static var cases: [(String, (name: String, says: String, script: String))] {
        [
            ("iptables-nft", enforcers[0]), ("iptables-legacy", enforcers[0]), ("iptables-nft", enforcers[1]),
            ("iptables-nft", enforcers[2]),
        ]
    }

    private func explanation(_ lab: Lab) throws -> String {
        try lab.egress("explain", "pod", "mediabot", "--to", Lab.outside).output.split(whereSeparator: \.isWhitespace).joined(
            separator: " ")
    }

    /// Who hands new connections of the pod to queue 100, and how it goes away.
    private static let queueing: [(name: String, script: String, cleaning: String)] = [
        (
            "NFQUEUE", "iptables-nft -A FORWARD -s 10.244.1.2 -m conntrack --ctstate NEW -j NFQUEUE --queue-num 100",
            "iptables-nft -F FORWARD"
        ),
        // kube-network-policies' own rule is nft's `queue`, which not every kernel has; the hook is the same.
        (
            "as kube-network-policies",
            "iptables-nft -t mangle -A POSTROUTING -s 10.244.1.2 -m conntrack --ctstate NEW -j NFQUEUE --queue-num 100",
            "iptables-nft -t mangle -F POSTROUTING"
        ),
    ]

    @Test func `a program behind a queue decides about a steered pod's packets`() async throws {
        try await Lab.with { lab in
            try lab.apply(samplePolicy())
            let verdicts = try lab.start("node-1", Lab.top.appendingPathComponent("Tests/Lab/queue-verdicts").path, "100", Self.denied)
            defer { verdicts.stop() }
            try verdicts.wait(for: "ready")
            for (name, queueing, cleaning) in Self.queueing {
                let before = verdicts.said.count
                #expect(try lab.exec("node-1", "sh", "-e", "-c", queueing).errors == "", "\(name)")
                try await lab.expectSteered("node-1", by: "stack")
                #expect(try lab.seen("mediabot", server: Self.denied, timeout: 0.5) == nil, "\(name)")
                #expect(try lab.seen("mediabot") == Lab.egressIP, "\(name)")
                let said = verdicts.said.dropFirst(before)
                #expect(said.contains("drop \(Self.denied)") && said.contains("accept \(Lab.outside)"), "\(name): \(said)")
                // Gone again: nothing is left to pass by.
                #expect(try lab.exec("node-1", "sh", "-c", cleaning).succeeded)
                try await lab.expectSteered("node-1", by: "redirect")
                #expect(try lab.seen("mediabot", server: Self.denied) == Lab.egressIP, "\(name)")
            }
        }
    }
}
