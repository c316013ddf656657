import EgressModel
import EgressPlan
import EgressPorts
import JSONText
import Synchronization
import Testing

@testable import EgressCommands

/// `nat`, `observe` and `explain pod --trace`, against a helper in memory.
@Suite struct SightCommandTests {
    private static func address(_ text: String) -> IPAddress { IPAddress(text) ?? IPAddress(ipv4: 0) }
    private static func end(_ text: String, _ port: UInt16) -> Endpoint { Endpoint(address(text), port) }
    private static let pod = ObjectReference(kind: "Pod", namespace: "shop", name: "mediabot")

    /// On node-2, the gateway: one pod of its own, one of node-1 that it knows by its address alone, one that nobody knows.
    private static let translations = [
        Translation(
            transport: .tcp, source: end("10.244.2.10", 40_000), remote: end("192.88.99.80", 443), egress: end("203.0.113.100", 40_000),
            state: .established, idleSeconds: 3, ageSeconds: 300, pod: pod, policy: "egress-sample", podNode: "node-2"),
        Translation(
            transport: .tcp, source: end("10.244.1.10", 40_000), remote: end("192.88.99.80", 443), egress: end("203.0.113.100", 61_234),
            state: .opening, idleSeconds: 0, ageSeconds: 0, policy: "egress-sample", podNode: "node-1"),
        Translation(
            transport: .udp, source: end("10.244.9.9", 5353), remote: end("2001:db8::53", 53), egress: end("2001:db8:100::1", 5353),
            state: .established, idleSeconds: 121, policy: "other", podNode: "node-1"),
    ]

    private static let events: [FlowNews] = {
        let second: Int64 = 1_000_000
        let start = Bench.now * second
        let opened = FlowEvent(
            time: start + 123_456, kind: .opened, transport: .tcp, source: end("10.244.1.10", 40_000), remote: end("192.88.99.80", 443),
            egress: end("203.0.113.100", 61_234), policy: "egress-sample", podNode: "node-1", gatewayNode: "node-2")
        var closed = opened
        (closed.time, closed.kind) = (start + 5 * second, .closed)
        let dropped = FlowEvent(
            time: start + 6 * second, kind: .dropped, transport: .udp, pod: pod, source: end("10.244.2.10", 5353),
            remote: end("192.88.99.80", 53), policy: "egress-sample", podNode: "node-2", code: .drop(17))
        return [FlowNews(opened), FlowNews(closed, lost: 2), FlowNews(dropped), FlowNews(dropped)]
    }()

    private static let ports = [
        PortUse(
            egressIP: address("203.0.113.100"), transport: .tcp, remote: end("192.88.99.80", 443), used: 2, capacity: 64_512, refused: 0),
        PortUse(
            egressIP: address("203.0.113.100"), transport: .udp, remote: end("192.88.99.80", 53), used: 64_512, capacity: 64_512, refused: 7
        ),
    ]

    private static let podSide = TraceResult(
        node: "node-1", verdict: .tunnelled, source: end("10.244.1.10", 50_000), destination: end("192.88.99.80", 443), transport: .tcp,
        policy: "egress-sample", gatewayNode: "node-2", entry: 17,
        steps: [
            TraceStep(lookup: "cluster", isFound: false, detail: "192.88.99.80 is in no range of the cluster"),
            TraceStep(lookup: "pod", isFound: true, detail: "the record of interface 12: set 3, steered by redirect"),
            TraceStep(
                lookup: "rule", isFound: true, detail: "the longest prefix of set 3 that holds 192.88.99.80: gateway, policy egress-sample"),
        ], given: "00", left: "01")
    private static let gatewaySide = TraceResult(
        node: "node-2", verdict: .translated, source: end("10.244.1.10", 50_000), destination: end("192.88.99.80", 443), transport: .tcp,
        egress: end("203.0.113.100", 50_000), policy: "egress-sample",
        steps: [TraceStep(lookup: "entry", isFound: true, detail: "17: 203.0.113.100, policy egress-sample")], given: "00", left: "01")

    private static func bench(_ node: String = "node-2", traces: [TraceResult] = []) -> (Bench, FakeHelper) {
        let helper = FakeHelper(node: node, facts: HostFacts())
        helper.change {
            $0.translations = translations
            $0.happened = events
            $0.ports = ports
            $0.traces = traces
        }
        var bench = Bench()
        bench.helper = helper
        return (bench, helper)
    }

    static let lines: [(name: String, line: String)] = [
        ("nat", "nat --socket /run/h.sock"), ("nat-wide", "nat --socket /run/h.sock -o wide"),
        ("nat-pod", "nat --pod mediabot -n default"), ("nat-nothing", "nat --policy nothing"), ("nat-ports", "nat --ports"),
        ("status-ports", "status egress-sample"), ("observe", "observe --for 200ms"), ("observe-wide", "observe --for 200ms -o wide"),
        ("observe-dropped", "observe -f --for 200ms --kind dropped --pod mediabot -n shop"),
        ("observe-json", "observe --for 200ms -o json --kind opened"),
    ]

    @Test(arguments: lines)
    func `a command shows what the helper sees`(name: String, line: String) async throws {
        var bench = Self.bench().0
        bench.width = 80
        let run = await bench.run(line)
        #expect(run.code == 0)
        try expectGolden(run.output + (run.error.isEmpty ? "" : "--- standard error\n" + run.error), name + ".txt")
        guard !line.contains("wide"), !line.contains("json") else { return }
        // Two IPv6 addresses with ports leave no room.
        guard !run.output.contains("2001:db8") else { return }
        for line in run.output.split(separator: "\n") { #expect(line.count <= 80, "\(name): \(line)") }
    }

    @Test func `nat as JSON has every key, absent ones null, in the order of what remotes see`() async throws {
        let json = await Self.bench().0.run("nat -o json").json
        #expect(json.objectValue?.keys == ["translations", "total", "findings"])
        let rows = try #require(json["translations"]?.arrayValue)
        #expect(rows.map { $0["egress"]?["port"] } == [40_000, 61_234, 5353])
        for row in rows {
            #expect(
                row.objectValue?.keys == [
                    "pod", "protocol", "source", "egress", "remote", "policy", "state", "idleSeconds", "ageSeconds", "podNode",
                    "gatewayNode",
                ])
        }
        #expect(rows[1]["pod"] == ["namespace": "default", "name": "mediabot"])
        #expect(rows[2]["pod"] == .null && rows[2]["ageSeconds"] == .null)
        #expect(await Self.bench().0.run("nat -o json --policy nothing").json == ["translations": [], "total": 0, "findings": []])
    }

    @Test func `nat says how many more there are`() async {
        let run = await Self.bench().0.run("nat --limit 1")
        #expect(run.output.split(separator: "\n").count == 2)
        #expect(run.error == "Showing 1 of 3; --limit shows more.\n")
    }

    @Test func `connections are filtered by address, port, egress IP and pod`() async {
        func count(_ flags: String) async -> Int {
            await Self.bench().0.run("nat -o json \(flags)").json["translations"]?.arrayValue?.count ?? -1
        }
        #expect(await count("--to 192.88.99.0/24") == 2)
        #expect(await count("--to 192.88.99.80:443") == 2)
        #expect(await count("--to 192.88.99.80:80") == 0)
        #expect(await count("--egress-ip 2001:db8:100::1") == 1)
        // One is known by its name, the other by the address that the cluster says.
        #expect(await count("--pod mediabot -A") == 2)
        #expect(await count("--pod mediabot -n default") == 1)
        #expect(await count("-n shop") == 1)
    }

    @Test(arguments: [
        ("nat --to www.example.org", "give an address"), ("nat --egress-ip x", "is not an IP address"),
        ("nat --limit 0", "must be from 1 to 100000"), ("nat --ports --pod a", "ports belong to egress IPs"),
        ("observe --kind gone", "is none of opened, closed, dropped"), ("observe --for soon", "is not a time"),
        ("observe -f -o yaml", "-f prints lines as they come"), ("observe --count 0", "must be 1 or more"),
        ("explain pod mediabot --trace", "--trace needs --to"),
    ])
    func `what can't be asked is an error in kubectl's voice`(line: String, words: String) async {
        let run = await Self.bench().0.run(line)
        #expect(run.code == 1)
        #expect(run.error.hasPrefix("error: ") && run.error.contains(words), "\(run.error)")
    }

    @Test func `without a helper nat and observe say where one would answer`() async {
        for line in ["nat", "observe"] {
            let run = await Bench().run(line)
            #expect(run.code == 1)
            #expect(run.error.contains("live data is unknown") && run.error.contains("[EG5002]") && run.error.contains("--socket"))
        }
    }

    @Test func `observe as JSON lines is one object a line as it comes`() async throws {
        let run = await Self.bench().0.run("observe -f --count 3 -o json")
        let lines = try run.output.split(separator: "\n").map { try JSONValue(parsing: String($0)) }
        #expect(lines.map { $0["event"] } == ["opened", "closed", "dropped"])
        #expect(lines[0]["time"] == "2026-11-22T10:00:05.123456Z")
        #expect(lines[1]["lost"] == 2)
        #expect(lines[2]["code"] == "EG3017" && lines[2]["reason"] == "no free port" && lines[2]["egress"] == .null)
        #expect(lines[0]["pod"] == ["namespace": "default", "name": "mediabot"])
    }

    @Test func `observe without events is valid JSON`() async {
        let run = await Self.bench().0.run("observe --for 100ms --policy nothing -o json")
        #expect(run.json == ["flows": [], "lost": 0, "findings": []])
    }

    @Test func `a trace shows both halves where both helpers can be asked`() async throws {
        let (bench, helper) = Self.bench("node-1", traces: [Self.podSide, Self.gatewaySide])
        let run = await bench.run("explain pod mediabot -n default --to 192.88.99.80:443 --trace --socket /run/{node}.sock")
        #expect(run.code == 0)
        try expectGolden(run.output, "explain-trace.txt")
        for line in run.output.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
        let asked = helper.state.withLock(\.asked)
        #expect(
            asked.map(\.origin) == [
                .pod(namespace: "default", name: "mediabot"), .node(name: "node-1", entry: 17, source: Self.address("10.244.1.10")),
            ])
        #expect(asked.allSatisfy { $0.transport == .tcp && $0.destination == Self.end("192.88.99.80", 443) })
    }

    @Test func `a trace by the stack says what FORWARD still decides, and names it as no lookup`() async throws {
        var traced = Self.podSide
        let detail = "marked 0x1000: FORWARD decides about it"
        traced.steps.append(TraceStep(lookup: TraceStep.stack, isFound: false, detail: detail))
        let run = await Self.bench("node-1", traces: [traced]).0.run("explain pod mediabot -n default --to 192.88.99.80:443 --trace")
        let words = run.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        #expect(words.contains("on node-1: into the tunnel to node-2, entry 17, if FORWARD lets it pass 1 cluster"), "\(run.output)")
        #expect(run.output.contains("   4  stack       -    marked 0x1000: FORWARD decides about it\n"), "\(run.output)")
        traced.verdict = .dropped
        let dropped = await Self.bench("node-1", traces: [traced]).0.run("explain pod mediabot -n default --to 192.88.99.80:443 --trace")
        #expect(!dropped.output.contains("if FORWARD"))
    }

    @Test func `a trace of one helper says where the rest is`() async {
        let (bench, _) = Self.bench("node-1", traces: [Self.podSide])
        let run = await bench.run("explain pod mediabot -n default --to 192.88.99.80:443 --trace -o json")
        #expect(run.json["trace"]?.arrayValue?.map { $0["verdict"] } == ["tunnelled"])
        let finding = run.json["findings"]?.arrayValue?.first { $0["code"] == "EG5002" }
        #expect(finding?["object"] == "node/node-2" && finding?["severity"] == "info")
    }

    @Test func `a trace that nobody can run is unknown, and the explanation goes on`() async {
        let run = await Bench().run("explain pod mediabot -n default --to 192.88.99.80:443 --trace -o json")
        #expect(run.code == 0)
        #expect(run.json["trace"] == [])
        #expect(run.json["verdict"]?["action"] == "gateway")
        #expect(run.json["findings"]?.arrayValue?.contains { $0["code"] == "EG5002" } == true)
    }

    @Test func `a name with control characters doesn't reach the terminal`() async {
        let (bench, helper) = Self.bench()
        helper.change { $0.translations[0].policy = "a\u{1B}[2Jb" }
        #expect(await bench.run("nat").output.contains("a?[2Jb"))
    }
}
