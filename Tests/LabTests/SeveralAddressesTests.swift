import Foundation
import TestKit
import Testing

/// Several egress addresses of one entry, as a strategy answers them.
@Suite(.requires(.lab), .serialized)
struct SeveralAddressesTests {
    private static let addresses = ["198.51.100.101", "198.51.100.102", "198.51.100.103"]

    private func giveAddresses(_ lab: Lab) throws {
        for address in Self.addresses {
            #expect(try lab.exec("node-2", "ip", "address", "add", "\(address)/32", "dev", "eth0").succeeded)
            #expect(try lab.exec("underlay", "ip", "route", "add", "\(address)/32", "via", "192.0.2.12").succeeded)
        }
    }

    private func policy(_ addresses: [String]) -> String {
        let list = addresses.map { "\"\($0)\"" }.joined(separator: ",")
        return samplePolicy(
            source: "",
            annotations: #"kubectl-egress.dev/strategy: static, kubectl-egress.dev/strategy-config: '{"ipv4":[\#(list)]}'"#)
    }

    /// What `kubectl egress list` says of each pod.
    private func listed(_ lab: Lab) throws -> [String: String] {
        let rules = try lab.egress("list", "-o", "json").output
        let lines = try Command.outcome(["jq", "-r", #".rules[] | "\(.pod.name) \(.egressIP)""#], input: rules).output
        let pairs = lines.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }.filter { $0.count == 2 }
        return Dictionary(pairs.map { ($0[0], $0[1]) }, uniquingKeysWith: { first, _ in first })
    }

    @Test func `each pod leaves by the address that the list says, and status has them all`() async throws {
        try await Lab.with { lab in
            try giveAddresses(lab)
            for number in 1...6 {
                try lab.call("pod-add", "more-\(number)", "node-\(number % 3 + 1)", "org=empire", "class=mediabot")
            }
            try lab.apply(policy(Self.addresses.reversed()))
            let listed = try listed(lab)
            #expect(listed.count == 8)
            #expect(Set(listed.values).isSubset(of: Self.addresses) && Set(listed.values).count > 1, "\(listed)")
            for (pod, address) in listed.sorted(by: { $0.key < $1.key }) {
                for _ in 0..<2 { #expect(try await lab.eventuallySeen(pod, as: address) == address, "\(pod)") }
            }
            let status = try lab.egress("status", "-o", "json").output
            for address in Self.addresses { #expect(status.contains(address)) }
        }
    }

    @Test func `an address that comes moves no connection, one that is lost drains, one that leaves ends its own or takes them along`()
        async throws
    {
        try await Lab.with { lab in
            try giveAddresses(lab)
            let all = Self.addresses
            try lab.apply(policy([all[0], all[1]]))
            let held = try #require(try listed(lab)["mediabot"])
            let other = try #require(all.prefix(2).first { $0 != held })
            let talk = try Talk(lab, pod: "mediabot")
            defer { talk.stop() }
            try talk.wait(for: "\n5 \(held)")
            try lab.apply(policy(all))
            try talk.goesOn(10)
            #expect(talk.addresses == [held])
            try lab.apply(policy([held]))
            try talk.goesOn(10)
            #expect(talk.addresses == [held])
            try lab.apply(policy([other, all[2]]))
            let next = try listed(lab)["mediabot"]
            #expect(next != held)
            #expect(try lab.seen("mediabot") == next)
            try talk.goesOn(10)
            #expect(try lab.exec("node-2", "ip", "address", "del", "\(held)/32", "dev", "eth0").succeeded)
            // Without a reset it would wait for a quarter of an hour.
            try talk.wait(for: "\nreset")
            #expect(talk.addresses == [held], "never by another address in its middle")
            #expect(try lab.counter("reset", node: "node-2") > 0)
            talk.stop()
            try await connectionMovesAlong(lab)
        }
    }

    /// Between two gateways and back, while a connection goes on with the same address.
    private func connectionMovesAlong(_ lab: Lab) async throws {
        let address = "198.51.100.150"
        func move(to node: String, from old: String? = nil) throws {
            if let old { #expect(try lab.exec(old, "ip", "address", "del", "\(address)/32", "dev", "eth0").succeeded) }
            let way = "192.0.2.1\(node.suffix(1))"
            #expect(try lab.exec("underlay", "ip", "route", "replace", "\(address)/32", "via", way).succeeded)
            #expect(try lab.exec(node, "ip", "address", "add", "\(address)/32", "dev", "eth0").succeeded)
        }
        try move(to: "node-2")
        try lab.apply(samplePolicy(gatewayLabel: "role: egress", source: "egressIP: \(address)"))
        #expect(try await lab.eventuallySeen("mediabot", as: address) == address)
        let talk = try Talk(lab, pod: "mediabot")
        defer { talk.stop() }
        try talk.wait(for: "\n5 \(address)")
        try move(to: "node-3", from: "node-2")
        try lab.call("ready", "node-2", "False")
        try talk.goesOn(10)
        #expect(talk.addresses == [address])
        #expect(try lab.counter("adopted", node: "node-3") == 1)
        // And to the gateway that it had before.
        try lab.call("ready", "node-2", "True")
        try move(to: "node-2", from: "node-3")
        try talk.goesOn(10)
        #expect(talk.addresses == [address] && !talk.said.contains("reset"))
    }
}

/// One TCP connection from a pod to a server outside that answers each line with the address that it sees.
private struct Talk {
    private let server: RunningCommand
    private let client: RunningCommand

    init(_ lab: Lab, pod: String) throws {
        server = try lab.start(
            "outside", "python3", "-uc",
            """
            import socket
            s = socket.socket()
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind(("\(Lab.outside)", 7000))
            s.listen()
            print("ready")
            c, peer = s.accept()
            while c.recv(1):
                c.sendall(peer[0].encode() + b"\\n")
            """)
        try server.wait(for: "ready")
        client = try lab.start(
            pod, "python3", "-uc",
            """
            import socket, time
            s = socket.create_connection(("\(Lab.outside)", 7000), 3)
            f = s.makefile()
            n = 0
            try:
                while True:
                    s.sendall(b"x")
                    n += 1
                    print(n, f.readline().strip())
                    time.sleep(0.1)
            except ConnectionResetError:
                print("reset")
            except OSError:
                print("broken")
            """)
    }

    func wait(for text: String) throws { try client.wait(for: text) }

    /// So many more answers.
    func goesOn(_ answers: Int) throws {
        let next = client.said.split(separator: "\n").count + answers
        try client.wait(for: "\n\(next) ")
    }

    var said: String { client.said }

    /// Every address that the server saw.
    var addresses: Set<String> {
        Set(client.said.split(separator: "\n").compactMap { $0.split(separator: " ").dropFirst().first.map(String.init) })
    }

    func stop() {
        client.stop()
        server.stop()
    }
}
