import Foundation
import TestKit
import Testing

/// Connections that are open when a policy first claims their pod.
@Suite(.requires(.lab), .serialized)
struct OpenConnectionTests {
    /// Of a pod: its node's address, and the egress IP that its new connections have.
    private static let pods: [String: (node: String, egress: String)] = [
        "mediabot": ("192.0.2.11", Lab.egressIP), "mediabot-on-gateway": ("192.0.2.12", Lab.egressIP),
        "stacked": ("192.0.2.13", Lab.egressIP), "stacked-on-gateway": ("192.0.2.13", Lab.secondEgressIP),
    ]

    /// By redirect on the first two nodes, by the stack on the third; each pod's gateway here and elsewhere.
    @Test func `in both steerings they go on by the node's address until they end, while new ones leave by the egress IP`() async throws {
        try await Lab.with { lab in
            try lab.call("steer", "node-3", "stack")
            try lab.call("pod-add", "stacked", "node-3", "org=empire", "class=mediabot")
            try lab.call("pod-add", "stacked-on-gateway", "node-3", "org=rebels", "class=mediabot")
            let server = try UDPEcho(lab)
            defer { server.stop() }
            var open: [(pod: String, tcp: LongConnection, udp: LongExchange)] = []
            defer {
                for each in open {
                    each.tcp.stop()
                    each.udp.stop()
                }
            }
            for pod in Self.pods.keys.sorted() {
                open.append((pod, try LongConnection(lab, from: pod, seconds: 8), try LongExchange(lab, from: pod, seconds: 8)))
            }
            for each in open {
                try await each.tcp.begin()
                try each.udp.begin()
            }
            try lab.apply(samplePolicy())
            let rebels = samplePolicy(name: "rebels", gateway: "node-3", source: "egressIP: \(Lab.secondEgressIP)")
            try lab.apply(rebels.replacing("org: empire", with: "org: rebels"))
            for (pod, addresses) in Self.pods { #expect(try lab.seen(pod) == addresses.egress, "\(pod), new") }
            for (node, way) in [("node-1", "redirect"), ("node-2", "redirect"), ("node-3", "stack")] {
                try await lab.expectSteered(node, by: way)
            }
            #expect(try await lab.eventually("2") { String(try lab.exempt(node: "node-1")) } == "2")
            #expect(try await lab.eventually("4") { String(try lab.exempt(node: "node-3")) } == "4")
            // The second helper finds everything done, and the table that it writes anew keeps what is open.
            try lab.call("stop", "node-1", "helper", "KILL")
            try lab.call("start-helper", "node-1")
            // A pod that starts under the policy gets none, whatever it began before it was governed.
            try lab.call("pod-add", "latecomer", "node-1", "org=empire", "class=mediabot")
            let late = try LongExchange(lab, from: "latecomer", seconds: 3)
            defer { late.stop() }
            #expect(try await lab.eventuallySeen("latecomer", as: Lab.egressIP) == Lab.egressIP)
            for (pod, tcp, udp) in open {
                let sources = try tcp.sources()
                #expect(sources.count == 1 && sources.first?.hasPrefix("\(Self.pods[pod]?.node ?? ""):") == true, "\(pod), TCP: \(sources)")
                let (addresses, lost) = try udp.end()
                #expect(addresses == [Self.pods[pod]?.node ?? ""] && lost <= 1, "\(pod), UDP: \(addresses), \(lost) lost")
            }
            // The few before it was governed are the node's; those after it the egress IP's.
            #expect(try late.end().addresses.contains(Lab.egressIP))
            #expect(try lab.egress("status").output.contains("EG2090") == false)
        }
    }

    @Test func `where they can't be read they end, new ones leave by the egress IP, and the status says so`() async throws {
        // A helper that asks for sockets, and may not enter a pod's namespace.
        let under = ["EGRESS_HELPER_UNDER": "setpriv --bounding-set -sys_admin", "EGRESS_HELPER_FLAGS": "--open-connections sockets"]
        try await Lab.with(helper: under) { lab in
            let connection = try LongConnection(lab, from: "mediabot", seconds: 6)
            defer { connection.stop() }
            try await connection.begin()
            try lab.apply(samplePolicy())
            #expect(try lab.seen("mediabot") == Lab.egressIP)
            let status = try await lab.eventualStatus("EG2090")
            #expect(status.contains("EG2090"), "\(status)")
            #expect(try lab.exempt(node: "node-1") == 0)
            #expect(throws: TestKitError.self) { try connection.sources() }
            let node = try lab.cluster(file: "egressnode.node-1.yaml")
            #expect(node.contains("CAP_SYS_ADMIN"), "\(node)")
        }
    }

    @Test func `the sockets in a pod's namespace tell where conntrack isn't asked`() async throws {
        try await Lab.with(helper: ["EGRESS_HELPER_FLAGS": "--open-connections sockets"]) { lab in
            try lab.call("steer", "node-1", "stack")
            let nodes = ["mediabot": "192.0.2.11", "mediabot-on-gateway": "192.0.2.12"]
            let open = try nodes.keys.sorted().map { (pod: $0, connection: try LongConnection(lab, from: $0, seconds: 4)) }
            defer { for each in open { each.connection.stop() } }
            for each in open { try await each.connection.begin() }
            try lab.apply(samplePolicy())
            try await lab.expectSteered("node-1", by: "stack")
            for (pod, connection) in open {
                #expect(try lab.seen(pod) == Lab.egressIP)
                let sources = try connection.sources()
                #expect(sources.count == 1 && sources.first?.hasPrefix("\(nodes[pod] ?? ""):") == true, "\(pod): \(sources)")
            }
        }
    }
}

/// Questions over one connected UDP socket, ten a second, to ``UDPEcho`` outside.
private struct LongExchange {
    private let client: RunningCommand

    init(_ lab: Lab, from pod: String, seconds: Int) throws {
        client = try lab.start(
            pod, "python3", "-uc",
            """
            import socket, time
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.settimeout(0.5)
            s.connect(("\(Lab.outside)", 5353))
            for i in range(\(seconds * 10)):
                begun = time.time()
                try:
                    s.send(b"who am I")
                    print(s.recv(100).decode())
                except OSError:
                    print("lost")
                time.sleep(max(0, begun + 0.1 - time.time()))
            print("ended")
            """)
    }

    /// Waits for the first answer.
    func begin() throws { try client.wait(for: ".") }

    /// Waits for its end: the addresses that the server saw, and how many questions had no answer.
    func end() throws -> (addresses: Set<String>, lost: Int) {
        let lines = client.finish().output.split(separator: "\n").map(String.init)
        guard lines.last == "ended" else { throw TestKitError("the exchange broke: \(lines.suffix(3))") }
        return (Set(lines.dropLast()).subtracting(["lost"]), lines.count { $0 == "lost" })
    }

    func stop() { client.stop() }
}

extension Lab {
    /// Exempt connections, as the node's helper counts them.
    fileprivate func exempt(node: String) throws -> Int {
        let socket = path.appendingPathComponent("\(node)/helper.sock").path
        let answer = try Command.outcome(
            ["socat", "-t2", "-", "UNIX-CONNECT:\(socket)"], input: #"{"v":1,"id":1,"method":"status.get","params":{}}"# + "\n")
        let jq = try Command.outcome(["jq", "-r", "select(.id == 1).result.exemptConnections"], input: answer.output)
        return Int(jq.output.trimmingCharacters(in: .whitespacesAndNewlines)) ?? -1
    }

    fileprivate func cluster(file: String) throws -> String {
        try String(contentsOf: cluster.appendingPathComponent(file), encoding: .utf8)
    }
}
