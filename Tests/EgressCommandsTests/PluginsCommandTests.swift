import EgressModel
import EgressPlan
import EgressPorts
import JSONText
import Testing

@testable import EgressCommands

/// `plugins`, and what `status`, `list` and `explain` say of modules.
@Suite struct PluginsCommandTests {
    private static func cluster() -> FakeCluster { FakeCluster(fixture("strategies.yaml")) }

    private static func helper() -> FakeHelper {
        let helper = FakeHelper(node: "node-2", facts: AgentTurnTests.facts())
        let folder = "/usr/lib/kubectl-egress/plugins/"
        helper.change {
            $0.plugins = [
                PluginStatus(name: "static", version: "1.0", module: folder + "static.so", isHealthy: true),
                PluginStatus(
                    name: "bad", version: "", module: folder + "bad.so", isHealthy: false, reason: "it is writable by its group",
                    restarts: 3),
            ]
        }
        return helper
    }

    private static func bench(_ cluster: FakeCluster = Self.cluster()) -> Bench {
        var bench = Bench(cluster)
        bench.helper = helper()
        return bench
    }

    static let lines: [(name: String, line: String)] = [
        ("plugins", "plugins"), ("plugins-wide", "plugins -o wide"), ("plugins-one", "plugins misspelt"),
        ("plugins-name", "plugins -o name"),
        ("plugins-node", "plugins --node node-2"), ("plugins-socket", "plugins by-spread --socket /run/h.sock"),
        ("plugins-socket-wide", "plugins by-spread --socket /run/h.sock -o wide"), ("plugins-status", "status"),
        ("plugins-list", "list -n default"), ("plugins-explain", "explain pod mediabot --to 203.0.113.80"),
        ("plugins-explain-last", "explain pod mediabot --to 198.51.100.80"), ("plugins-explain-rules", "explain pod mediabot"),
    ]

    @Test(arguments: lines)
    func `a command says what modules answered`(name: String, line: String) async throws {
        let run = await Self.bench().run(line)
        #expect(run.code == 0)
        try expectGolden(run.output + (run.error.isEmpty ? "" : "--- standard error\n" + run.error), name + ".txt")
        guard !line.contains("wide") else { return }
        for line in run.output.split(separator: "\n") { #expect(line.count <= 80, "\(name): \(line)") }
    }

    @Test func `the machine output has every key, absent ones null`() async throws {
        let json = await Self.bench().run("plugins -o json").json
        #expect(json.objectValue?.keys == ["modules", "answers", "findings"])
        #expect(json["modules"] == .null)
        let answers = try #require(json["answers"]?.arrayValue)
        #expect(
            answers.map { "\($0["policy"]?.stringValue ?? "") \($0["node"]?.stringValue ?? "")" } == [
                "annotated node-1", "annotated node-2", "annotated node-3", "by-spread node-2", "misspelt node-3",
            ])
        for answer in answers {
            #expect(
                answer.objectValue?.keys == [
                    "policy", "entry", "node", "strategy", "version", "egressIPs", "interface", "claims", "since", "code", "reason",
                ])
        }
        #expect(
            answers[3] == [
                "policy": "by-spread", "entry": 0, "node": "node-2", "strategy": "spread", "version": "0.2",
                "egressIPs": ["203.0.113.100", "203.0.113.101", "203.0.113.102"], "interface": "eth0", "claims": true,
                "since": "2026-11-22T09:58:00Z", "code": nil, "reason": nil,
            ])
        #expect(
            answers[4] == [
                "policy": "misspelt", "entry": 0, "node": "node-3", "strategy": "statik", "version": nil, "egressIPs": [],
                "interface": nil, "claims": nil, "since": nil, "code": "EG1201", "reason": "no module has the name statik",
            ])
        #expect(json["findings"]?.arrayValue?.map { $0["code"] } == ["EG1201", "EG1206", "EG1205", "EG1205"])
        let yaml = await Self.bench().run("plugins by-spread -o yaml").output
        #expect(yaml.hasPrefix("modules: null\nanswers:\n- policy: by-spread\n  entry: 0\n"))
    }

    @Test func `a helper's modules come with their node, by path`() async throws {
        let json = await Self.bench().run("plugins by-spread --socket /run/{node}.sock --node node-2 -o json").json
        #expect(
            json["modules"] == [
                [
                    "node": "node-2", "name": "bad", "version": "", "healthy": false, "restarts": 3,
                    "reason": "it is writable by its group",
                    "path": "/usr/lib/kubectl-egress/plugins/bad.so",
                ],
                [
                    "node": "node-2", "name": "static", "version": "1.0", "healthy": true, "restarts": 0, "reason": nil,
                    "path": "/usr/lib/kubectl-egress/plugins/static.so",
                ],
            ])
        #expect(json["findings"]?.arrayValue?.map { $0["object"] } == ["node/node-2"])
    }

    @Test func `on a node without a cluster the modules are shown alone`() async {
        let run = await Self.bench().run("plugins --socket /run/h.sock", snapshot: false)
        #expect(run.code == 0)
        #expect(run.output.hasPrefix("MODULE"))
        #expect(run.error.hasPrefix("note: no server asked, so answers aren't shown: "))
        #expect(await Self.bench().run("plugins --socket /run/h.sock -o json", snapshot: false).json["answers"] == .null)
        #expect(await Self.bench().run("plugins", snapshot: false).code == 1)
    }

    @Test func `without strategies a line says how to choose one`() async {
        let run = await Bench().run("plugins")
        #expect(run.code == 0)
        #expect(run.output.isEmpty)
        #expect(
            run.error
                == "No policy has its addresses from a plugin module. To choose one: kubectl annotate ciliumegressgatewaypolicy NAME kubectl-egress.dev/strategy=MODULE\n"
        )
        let json = await Bench().run("plugins -o json")
        #expect(json.json == ["modules": nil, "answers": [], "findings": []])
        #expect(json.error.isEmpty)
    }

    @Test func `a policy that isn't there is not found, a socket that nobody serves is an error`() async {
        let run = await Self.bench().run("plugins nothing")
        #expect(run.code == 1)
        #expect(run.error.hasPrefix("Error from server (NotFound): ciliumegressgatewaypolicies.cilium.io \"nothing\" not found\n"))
        var bench = Self.bench()
        bench.helper = nil
        #expect(await bench.run("plugins --socket /nowhere").code == 1)
    }

    @Test func `an answer in force of a policy that is broken now is shown too`() async {
        var snapshot = fixture("strategies.yaml")
        for index in snapshot.policies.indices where snapshot.policies[index].metadata.name == "by-spread" {
            snapshot.policies[index].policy = nil
        }
        let json = await Bench(FakeCluster(snapshot)).run("plugins by-spread -o json").json
        #expect(json["answers"]?.arrayValue?.map { $0["strategy"] } == ["spread"])
    }

    @Test func `what can't be read is unknown`() async {
        var snapshot = fixture("strategies.yaml")
        snapshot.egressNodes = []
        snapshot.unread = [UnreadKind(kind: .egressNode, code: .readForbidden, reason: "")]
        let run = await Bench(FakeCluster(snapshot)).run("plugins by-spread")
        #expect(run.output.contains("by-spread   node-2   spread     unknown     <none>   EG5003\n"))
    }

    @Test func `policies and nodes are completed`() async {
        var bench = Self.bench()
        bench.variables["KUBECTL_EGRESS_SNAPSHOT"] = "fake"
        let name = "/bin/kubectl_complete-egress"
        #expect(await bench.run(["plugins", ""], snapshot: false, calledAs: name).output == "annotated\nby-spread\nmisspelt\n:4\n")
        #expect(await bench.run(["plugins", "misspelt", "by"], snapshot: false, calledAs: name).output == "by-spread\n:4\n")
        #expect(await bench.run(["plugins", "--node", ""], snapshot: false, calledAs: name).output.hasPrefix("node-1\n"))
    }
}
