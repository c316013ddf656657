import EgressModel
import EgressPolicy
import JSONText
import Testing

@testable import EgressCommands

/// `--as-cilium` of `list` and `explain pod`, and the hint to it.
@Suite struct CiliumCommandTests {
    private static let cluster = FakeCluster(fixture("as-cilium.yaml"))

    static let lines: [(name: String, line: String)] = [
        ("as-cilium-list", "list --as-cilium 1.18"), ("as-cilium-list-all", "list --as-cilium=1.18 -A"),
        ("as-cilium-list-old", "list --as-cilium 1.17 -n default"), ("as-cilium-list-wide", "list --as-cilium 1.18 -o wide"),
        ("as-cilium-list-name", "list --as-cilium 1.18 -o name"),
        ("as-cilium-list-cilium", "list --as-cilium 1.18 -o cilium --node node-2"),
        ("as-cilium-explain", "explain pod web-0 --as-cilium 1.18"),
        ("as-cilium-explain-differs", "explain pod web-0 --as-cilium 1.18 --to 203.0.113.9"),
        ("as-cilium-explain-either", "explain pod db-0 -n shop --as-cilium 1.18 --to 198.51.100.5"),
        ("as-cilium-explain-same", "explain pod db-0 -n shop --as-cilium 1.18 --to 203.0.113.5:443"),
    ]

    @Test(arguments: lines) func `a command prints`(name: String, line: String) async throws {
        let run = await Bench(Self.cluster).run(line)
        #expect(run.code == 0)
        if !name.contains("wide") { for line in run.output.split(separator: "\n") { #expect(line.count <= 80, "\(line)") } }
        try expectGolden(run.output + (run.error.isEmpty ? "" : "--- standard error\n" + run.error), name + ".txt")
    }

    private func keys(_ value: JSONValue?) -> [String] { value?.objectValue?.keys ?? [] }

    @Test func `list has every key, absent ones null`() async throws {
        let json = await Bench(Self.cluster).run("list --as-cilium 1.18 -o json").json
        #expect(keys(json) == ["version", "rules", "findings"])
        #expect(json["version"] == "1.18")
        let rules = try #require(json["rules"]?.arrayValue)
        #expect(rules.compactMap { $0["code"]?.stringValue } == ["EG2032", "EG2032", "EG2033", "EG2034"])
        for rule in rules {
            #expect(keys(rule) == ["pod", "sourceIP", "destinationCIDR", "cilium", "ours", "policy", "code", "reason"])
            for fate in (rule["cilium"]?.arrayValue ?? []) + [rule["ours"] ?? .null] {
                #expect(keys(fate) == ["action", "gatewayNode", "egressIP", "reason"])
            }
        }
        #expect(rules[1]["ours"]?["action"] == "gateway")
        #expect(rules[1]["ours"]?["reason"] == .null)
        #expect(rules[3]["cilium"]?.arrayValue?.count == 2)
    }

    @Test func `list of one node has rules of its pods and of gateways on either side`() async {
        let count = { (node: String) in
            await Bench(Self.cluster).run("list --as-cilium 1.18 -o json --node \(node)").json["rules"]?.arrayValue?.count
        }
        #expect(await count("node-1") == 2)
        #expect(await count("node-2") == 4)
        #expect(await count("node-3") == 4)
    }

    @Test func `explain says it in one member, and only when asked`() async {
        let json = await Bench(Self.cluster).run("explain pod web-0 --as-cilium 1.18 --to 203.0.113.9 -o json").json
        #expect(keys(json["asCilium"]) == ["version", "differs", "outcomes", "code", "sentence", "rules"])
        #expect(json["asCilium"]?["differs"] == true)
        #expect(json["asCilium"]?["code"] == "EG2032")
        let same = await Bench(Self.cluster).run("explain pod db-0 -n shop --as-cilium 1.18 --to 203.0.113.9 -o json").json
        #expect(same["asCilium"]?["differs"] == false)
        #expect(same["asCilium"]?["code"] == .null)
        #expect(await Bench(Self.cluster).run("explain pod web-0 -o json").json["asCilium"] == nil)
        let rules = await Bench(Self.cluster).run("explain pod web-0 --as-cilium 1.18 -o json").json["asCilium"]
        #expect(rules?["rules"]?.arrayValue?.count == 2)
        #expect(rules?["sentence"] == .null)
    }

    @Test(arguments: ["list --as-cilium", "explain pod web-0 --as-cilium"]) func `a release that isn't known`(command: String) async {
        for text in ["1.81", "latest", "1.18\u{1B}[2J"] {
            let run = await Bench(Self.cluster).run(command.split(separator: " ").map(String.init) + [text])
            #expect(run.code == 1)
            #expect(run.output.isEmpty)
            #expect(run.error.hasPrefix("error: --as-cilium \(plainText(text)): that release of Cilium isn't known here\n"))
            for known in CiliumVersion.known { #expect(run.error.contains(known)) }
        }
    }

    @Test func `where nothing differs, that is said, and -o json is empty and valid`() async {
        let run = await Bench().run("list --as-cilium 1.18")
        #expect(run.error.contains("Cilium 1.18 does the same for every rule."))
        #expect(run.output.isEmpty)
        #expect(await Bench().run("list --as-cilium 1.18 -o json").json["rules"] == [])
        let explained = await Bench().run("explain pod mediabot --as-cilium 1.18")
        #expect(explained.output.contains("CILIUM    Cilium 1.18 does the same for every rule of this pod."))
    }

    @Test func `a Cilium that is in charge is a reason to ask for it`() async {
        var snapshot = fixture("cluster.yaml")
        snapshot.ciliumEgressGateway = "configmap/kube-system/cilium-config enable-egress-gateway"
        let bench = Bench(FakeCluster(snapshot))
        for line in ["list", "explain pod mediabot", "explain pod mediabot -o json"] {
            #expect(await bench.run(line).error.contains("--as-cilium VERSION"), "\(line)")
            #expect(await !bench.run(line + " --as-cilium 1.18").error.contains("--as-cilium VERSION"), "\(line)")
            #expect(await !Bench().run(line).error.contains("--as-cilium"), "\(line)")
        }
    }

    /// What isn't known is never called the same.
    @Test func `what couldn't be read isn't compared`() async {
        var snapshot = fixture("cluster.yaml")
        snapshot.nodes = []
        snapshot.unread = [UnreadKind(kind: .node, code: .readForbidden, reason: "nodes is forbidden")]
        let bench = Bench(FakeCluster(snapshot))
        let explained = await bench.run("explain pod mediabot --to 192.88.99.80 --as-cilium 1.18").output
        #expect(explained.contains("CILIUM    Cilium 1.18 can't be compared:"))
        let list = await bench.run("list -n default --as-cilium 1.18")
        #expect(list.error.contains("the same for every rule that can be told."))
    }

    @Test func `releases are completed`() async {
        let run = await Bench(Self.cluster).run(["__complete", "list", "--as-cilium", ""], snapshot: false)
        #expect(run.output.contains("1.12") && run.output.contains("1.20"))
    }
}
