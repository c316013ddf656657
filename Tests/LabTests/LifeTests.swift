import Foundation
import TestKit
import Testing

/// What happens to nodes and pods in the course of a day, under traffic that goes on.
@Suite(.requires(.lab), .serialized)
struct LifeTests {
    private static let undisturbed = ["reset", "lost", "failed", "wrong"]

    /// Connections of both families go on while `body` disturbs; whatever it does, the witness sees no other source.
    private func underLoad(_ lab: Lab, pod: String, _ body: () async throws -> Void) async throws -> ConnectionLoad.Report {
        try lab.applyBothFamilies()
        let load = try DualLoad(lab, pod: pod, held: 100, newPerSecond: 50)
        defer { load.stop() }
        try await body()
        let report = try load.finish()
        #expect(try load.witness.packets("wrong") == 0)
        #expect(try load.witness.packets("right") > 100)
        return report
    }

    @Test(arguments: ["mediabot", "mediabot-on-gateway"])
    func `uplinks and pods' devices may be renamed under connections`(pod: String) async throws {
        try await Lab.with { lab in
            let report = try await underLoad(lab, pod: pod) {
                for node in ["node-1", "node-2"] {
                    let script =
                        "for d in $(ls /sys/class/net | grep -E '^(eth0|veth)'); do ip link set $d name x$d || exit 1; done; ip -o link show"
                    let renamed = try lab.exec(node, "sh", "-c", script)
                    #expect(renamed.succeeded && renamed.output.contains("xeth0"), "\(renamed.errors)")
                    let guards = try await lab.eventually("\"eth0\"", is: false) {
                        try lab.exec(node, "nft", "list", "chain", "inet", "kubectl_egress", "guard").output
                    }
                    #expect(guards.contains("\"xeth0\"") && !guards.contains("\"eth0\""), "\(node): \(guards)")
                }
            }
            for name in Self.undisturbed { #expect(report[name] == 0, "\(name): \(report)") }
            #expect(report["alive"] == 100 && report["answered"] == report["asked"], "\(report)")
        }
    }

    @Test(arguments: ["mediabot", "mediabot-on-gateway"])
    func `neighbour tables are emptied under connections, and a first packet finds its way from cold`(pod: String) async throws {
        try await Lab.with { lab in
            let places = ["node-1", "node-2", "underlay", "outside", pod]
            let report = try await underLoad(lab, pod: pod) {
                for _ in 0..<4 {
                    for place in places { _ = try lab.exec(place, "ip", "neigh", "flush", "all") }
                    try await Task.sleep(for: .milliseconds(200))
                }
            }
            for name in Self.undisturbed { #expect(report[name] == 0, "\(name): \(report)") }
            #expect(report["alive"] == 100 && report["answered"] == report["asked"], "\(report)")
            for place in places { _ = try lab.exec(place, "ip", "neigh", "flush", "all") }
            let before = try Self.sentAgain(lab, pod)
            for family in LabFamily.both { #expect(try lab.seen(pod, server: family.server) == family.egressIP) }
            #expect(try Self.sentAgain(lab, pod) == before, "a packet was lost while neighbours were asked")
        }
    }

    /// TCP segments that the pod had to send again.
    private static func sentAgain(_ lab: Lab, _ pod: String) throws -> String {
        try lab.exec(pod, "nstat", "-asz", "TcpRetransSegs").output
    }

    @Test func `a pod that gets a new veth leaves by the egress IP again, and meanwhile by no other address`() async throws {
        try await Lab.with { lab in
            try lab.applyBothFamilies()
            let load = try DualLoad(lab, held: 0, newPerSecond: 100)
            defer { load.stop() }
            for _ in 0..<3 {
                try lab.call("pod-rewire", "mediabot")
                for family in LabFamily.both {
                    #expect(try await lab.eventuallySeen("mediabot", server: family.server, as: family.egressIP) == family.egressIP)
                }
            }
            #expect(try load.witness.packets("wrong") == 0)
            #expect(try load.witness.packets("right") > 100)
        }
    }

    @Test(arguments: LabFamily.both)
    func `answers of a pod that is gone don't reach the pod that has its address now`(family: LabFamily) async throws {
        try await Lab.with { lab in
            try lab.apply(family.policy())
            try lab.apply(
                family.policy(name: "heirs", gateway: "node-3", egressIP: family.secondEgressIP).replacing(
                    "class: mediabot", with: "class: heir")
            )
            // Datagrams from port 5000, and who the server saw; then the same to the heir of the address.
            let server = try lab.start("outside", "python3", "-uc", Self.chatter(family))
            defer { server.stop() }
            try server.wait(for: "ready")
            let first = try lab.exec("mediabot", "python3", "-c", Self.ask("first", family))
            #expect(first.output == "first seen as \(family.egressIP)", "\(first.errors)")
            try lab.call("pod-delete", "mediabot")
            let heir = Lab(
                id: lab.id, environment: lab.environment.merging(["LAB_POD_ADDRESS": LabFamily.podAddresses]) { _, new in new },
                isOnAPI: false)
            try heir.call("pod-add", "heir", "node-1", "org=empire", "class=heir")
            #expect(try await lab.eventuallySeen("heir", server: family.server, as: family.secondEgressIP) == family.secondEgressIP)
            // The server goes on answering to the old address and port all the while.
            let silent = try lab.exec("heir", "python3", "-c", Self.listen(family))
            #expect(silent.output == "nothing", "\(silent.output)\(silent.errors)")
            // The same ports of the same address: a translation of its own, and only its answers.
            let second = try lab.exec("heir", "python3", "-c", Self.ask("second", family))
            #expect(second.output == "second seen as \(family.secondEgressIP)", "\(second.output)\(second.errors)")
            let seen = server.said.split(separator: "\n").filter { $0.hasPrefix("from") }
            #expect(Set(seen) == ["from \(family.egressIP) first", "from \(family.secondEgressIP) second"], "\(server.said)")
        }
    }

    /// Answers at once, and then again every 50 ms, to whoever ever wrote.
    private static func chatter(_ family: LabFamily) -> String {
        """
        import socket, threading, time
        s = socket.socket(socket.\(family.isIPv6 ? "AF_INET6" : "AF_INET"), socket.SOCK_DGRAM)
        s.bind(("\(family.outside)", 5353))
        print("ready")
        peers = {}
        def again():
            while True:
                for peer, word in list(peers.items()):
                    s.sendto((word + " seen as " + peer[0]).encode(), peer)
                time.sleep(0.05)
        threading.Thread(target=again, daemon=True).start()
        while True:
            data, peer = s.recvfrom(2048)
            peers[peer] = data.decode()
            print("from", peer[0], data.decode())
        """
    }

    private static func ask(_ word: String, _ family: LabFamily) -> String {
        """
        import socket
        s = socket.socket(socket.\(family.isIPv6 ? "AF_INET6" : "AF_INET"), socket.SOCK_DGRAM)
        s.bind(("", 5000))
        s.settimeout(1)
        s.sendto(b"\(word)", ("\(family.outside)", 5353))
        seen = {s.recvfrom(2048)[0].decode() for answer in range(20)}
        print(*seen, end="")
        """
    }

    private static func listen(_ family: LabFamily) -> String {
        """
        import socket
        s = socket.socket(socket.\(family.isIPv6 ? "AF_INET6" : "AF_INET"), socket.SOCK_DGRAM)
        s.bind(("", 5000))
        s.settimeout(1)
        try:
            print(s.recvfrom(2048)[0].decode(), end="")
        except TimeoutError:
            print("nothing", end="")
        """
    }

    @Test(arguments: LabFamily.both)
    func `an egress address is added, moves to another gateway and goes, under traffic that leaves by it or not at all`(
        family: LabFamily
    ) async throws {
        try await Lab.with { lab in
            let address = family.freeEgressIP
            try lab.apply(family.policy(egressIP: address))
            let witness = try Witness(lab, sources: [address])
            let load = try ConnectionLoad(lab, server: family.outside, held: 0, newPerSecond: 50, seen: [address])
            defer { load.stop() }
            func seen(as wanted: String?) async throws -> String? {
                try await lab.eventuallySeen("mediabot", server: family.server, as: wanted)
            }
            #expect(try lab.seen("mediabot", server: family.server, timeout: 1) == nil)
            try move(family, lab, to: "node-2")
            #expect(try await seen(as: address) == address)
            try move(family, lab, from: "node-2", to: "node-3")
            try lab.apply(family.policy(gateway: "node-3", egressIP: address))
            #expect(try await seen(as: address) == address)
            #expect(try lab.counter("translated", node: "node-3") > 0)
            try move(family, lab, from: "node-3")
            #expect(try await seen(as: nil) == nil)
            load.stop()
            #expect(try witness.packets("wrong") == 0)
            #expect(try witness.packets("right") > 20)
            #expect(try Set(lab.accessLog().map { String($0.prefix { $0 != " " }) }) == [address])
        }
    }

    private func move(_ family: LabFamily, _ lab: Lab, from old: String? = nil, to new: String? = nil) throws {
        let address = family.host(family.freeEgressIP)
        let word = family.isIPv6 ? "-6" : "-4"
        if let old {
            _ = try lab.exec(old, "ip", word, "address", "del", address, "dev", "eth0")
            _ = try lab.exec("underlay", "ip", word, "route", "del", address)
        }
        guard let new else { return }
        let way = (family.isIPv6 ? "2001:db8:2::1" : "192.0.2.1") + String(new.suffix(1))
        _ = try lab.exec("underlay", "ip", word, "route", "add", address, "via", way)
        let added = try lab.exec(new, "ip", word, "address", "add", address, "dev", "eth0")
        guard added.succeeded else { throw TestKitError("address: \(added.errors)") }
    }
}
