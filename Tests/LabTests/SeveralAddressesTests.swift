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

    @Test func `an address that comes moves no connection, one that goes ends its own`() async throws {
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
            try talk.wait(for: "broken")
            #expect(talk.addresses == [held], "never by another address in its middle")
            let next = try listed(lab)["mediabot"]
            #expect(next != held)
            #expect(try lab.seen("mediabot") == next)
        }
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

    /// Every address that the server saw.
    var addresses: Set<String> {
        Set(client.said.split(separator: "\n").compactMap { $0.split(separator: " ").dropFirst().first.map(String.init) })
    }

    func stop() {
        client.stop()
        server.stop()
    }
}
