import EgressModel
import EgressPorts
import Testing

@testable import EgressCommands

/// cobra's protocol: a line a word, a tab before its description, `:N` last, exit code 0 whatever happens.
@Suite struct CompletionTests {
    private func complete(_ words: [String], bench: Bench = Bench()) async -> (words: [String], directive: String, lines: [String]) {
        var bench = bench
        bench.variables["KUBECTL_EGRESS_SNAPSHOT"] = bench.variables["KUBECTL_EGRESS_SNAPSHOT"] ?? "fake"
        let run = await bench.run(words, snapshot: false, calledAs: "/usr/local/bin/kubectl_complete-egress")
        #expect(run.code == 0)
        #expect(run.error.isEmpty)
        let lines = run.output.split(separator: "\n").map(String.init)
        let values = lines.dropLast().map { $0.split(separator: "\t").first.map(String.init) ?? "" }
        return (values, lines.last ?? "", lines)
    }

    @Test func `commands come with what they do`() async {
        let answer = await complete([""])
        #expect(
            answer.words == [
                "status", "explain", "list", "nat", "observe", "graph", "plugins", "apply", "diff", "lint", "snapshot", "install",
                "uninstall",
                "agent",
                "completion",
                "version",
                "options",
                "help",
            ])
        #expect(answer.directive == ":4")
        #expect(answer.lines[0].hasPrefix("status\tIs it working"))
        #expect(await complete(["st"]).words == ["status"])
        #expect(await complete(["explain", ""]).words == ["pod", "policy", "ip", "gateway", "code"])
        #expect(await complete(["-n", "shop", "l"]).words == ["list", "lint"])
    }

    @Test func `no words at all are no error`() async {
        #expect(await complete([]).words.count == 18)
    }

    @Test func `pods of the namespace come with phase, address and node`() async {
        let answer = await complete(["explain", "pod", ""])
        #expect(answer.lines == ["bystander\tRunning 10.244.1.11 node-1", "mediabot\tRunning 10.244.1.10 node-1", ":4"])
        #expect(await complete(["explain", "pod", "-n", "shop", ""]).words == ["mediabot"])
        #expect(await complete(["explain", "pod", "--namespace=none", ""]).words.isEmpty)
        #expect(await complete(["explain", "pod", "med"]).words == ["mediabot"])
        #expect(await complete(["explain", "pod", "mediabot", ""]).words.isEmpty)
    }

    @Test func `policies, nodes and namespaces come from the snapshot`() async {
        #expect(await complete(["status", ""]).words == ["egress-sample", "nobody"])
        #expect(await complete(["status", "nobody", ""]).words == ["egress-sample"])
        #expect(await complete(["explain", "policy", ""]).words == ["egress-sample", "nobody"])
        #expect(await complete(["explain", "policy", "nobody", ""]).words.isEmpty)
        #expect(await complete(["explain", "ip", "203"]).words == ["203.0.113.100"])
        let mesh = Bench(FakeCluster(fixture("mesh.yaml")))
        #expect(await complete(["explain", "gateway", "-n", "istio-egress", ""], bench: mesh).words == ["waypoint"])
        #expect(await complete(["explain", "gateway", ""], bench: mesh).words == ["front"])
        #expect(await complete(["list", "--node", ""]).words == ["node-1", "node-2", "node-3"])
        #expect(await complete(["diff", "--what-if-node-down", "node-1"]).words == ["node-1"])
        #expect(await complete(["explain", "pod", "--what-if", "med"]).words == ["mediabot"])
        #expect(await complete(["list", "--node=node-2"]).words == ["--node=node-2"])
        #expect(await complete(["status", "-n", "s"]).words == ["shop"])
    }

    @Test func `flags, values and files`() async {
        let flags = await complete(["list", "--no"])
        #expect(flags.words == ["--node"])
        #expect(await complete(["list", "-"]).words.contains("--kubeconfig"))
        #expect(await complete(["list", "-o", ""]).words == ["json", "yaml", "wide", "name", "cilium", "jsonpath=", "custom-columns="])
        #expect(await complete(["list", "-Ao", "ci"]).words == ["cilium"])
        #expect(await complete(["apply", "--dry-run="]).words == ["--dry-run=none", "--dry-run=client", "--dry-run=server"])
        let manifests = await complete(["apply", "-f", ""])
        #expect(manifests.lines == ["yaml", "yml", "json", ":8"])
        #expect(await complete(["status", "--snapshot", ""]).lines == [":16"])
        #expect(await complete(["status", "--kubeconfig", "x"]).lines == [":0"])
        #expect(await complete(["completion", ""]).words == ["bash", "zsh", "fish"])
        #expect(await complete(["help", "ex"]).words == ["explain"])
        #expect(await complete(["help", "explain", ""]).words == ["pod", "policy", "ip", "gateway", "code"])
        #expect(await complete(["explain", "code", "EG120"]).words.count == 8)
        #expect(await complete(["status", "--", "--n"]).words.isEmpty)
    }

    @Test func `a snapshot that can't be read offers nothing, and is no error`() async {
        var bench = Bench()
        bench.variables = ["KUBECTL_EGRESS_SNAPSHOT": "gone"]
        let path = "_activeHelp_ names can't be completed: error: the path \"gone\" does not exist"
        #expect(await complete(["explain", "pod", ""], bench: bench).lines == [path, ":4"])
        bench.variables["KUBECTL_ACTIVE_HELP"] = "0"
        #expect(await complete(["explain", "pod", ""], bench: bench).lines == [":4"])
        let failing = FakeCluster(ClusterSnapshot())
        failing.fail(CommandError("broken"))
        let lines = await complete(["explain", "pod", ""], bench: Bench(failing)).lines
        #expect(lines == ["_activeHelp_ names can't be completed: error: broken", ":4"])
    }

    @Test func `a cluster that doesn't answer is given up at the deadline`() async {
        let start = ContinuousClock.now
        let lines = await complete(["explain", "pod", ""], bench: Bench(StuckCluster())).lines
        #expect(lines == ["_activeHelp_ names can't be completed: no answer within 1.5 seconds", ":4"])
        let taken = ContinuousClock.now - start
        #expect(taken >= .milliseconds(1400))
        #expect(taken < .seconds(60))
    }

    @Test func `names come by the flags typed so far`() async {
        var bench = Bench(FakeCluster(fixture("cluster.yaml"), currentNamespace: "shop"))
        (bench.isAPI, bench.variables["KUBECTL_EGRESS_SNAPSHOT"]) = (true, "")
        bench.kubeconfigNames = KubeconfigNames(contexts: ["prod-eu", "prod-us"], clusters: ["eu"], users: ["ann"])
        #expect(await complete(["explain", "pod", ""], bench: bench).words == ["mediabot"])
        let flags = ["--context", "prod-eu", "--as=bob", "--as-group=a", "--as-group", "b", "--kubeconfig", "f", "--request-timeout=1s"]
        #expect(await complete(flags + ["explain", "pod", "-n", "default", "b"], bench: bench).words == ["bystander"])
        let access = bench.accesses.last
        #expect(access?.context == "prod-eu" && access?.impersonatedUser == "bob" && access?.impersonatedGroups == ["a", "b"])
        #expect(access?.kubeconfig == "f" && access?.requestTimeout == 1 && access?.namespace == "default")
        #expect(access?.isInteractive == false)
        #expect(await complete(["status", "--context", "prod-"], bench: bench).words == ["prod-eu", "prod-us"])
        #expect(await complete(["status", "--cluster="], bench: bench).words == ["--cluster=eu"])
        #expect(await complete(["status", "--user", ""], bench: bench).words == ["ann"])
    }

    @Test func `without a cluster a line says so, and the static words stay`() async {
        var bench = Bench()
        bench.variables["KUBECTL_EGRESS_SNAPSHOT"] = ""
        let answer = await complete(["explain", "pod", ""], bench: bench)
        #expect(answer.lines == ["_activeHelp_ names can't be completed: no kubeconfig found", ":4"])
        #expect(await complete(["explain", ""], bench: bench).words == ["pod", "policy", "ip", "gateway", "code"])
    }

    @Test func `an object's name can't add words`() async {
        var snapshot = fixture("cluster.yaml")
        snapshot.pods[0].metadata.name = "a\tb\u{1B}[2J"
        let answer = await complete(["explain", "pod", ""], bench: Bench(FakeCluster(snapshot)))
        #expect(answer.words.contains("a?b?[2J"))
    }

    @Test func `the hidden command answers too, without descriptions where asked`() async {
        let run = await Bench().run(["__completeNoDesc", "st"], snapshot: false)
        #expect(run.output == "status\n:4\n")
        #expect(await Bench().run(["__complete", "st"], snapshot: false).output.hasPrefix("status\tIs it"))
    }

    @Test(arguments: [("bash", "kubectl-egress.bash"), ("zsh", "_kubectl-egress"), ("fish", "kubectl-egress.fish")])
    func `the script in completions is what the command prints`(shell: String, file: String) async throws {
        let run = await Bench().run("completion \(shell)", snapshot: false)
        #expect(run.code == 0)
        #expect(
            run.output == (try contents(projectFile("completions/\(file)"))),
            "make it anew: kubectl-egress completion \(shell) > completions/\(file)")
    }
}

/// A cluster whose reader never comes back: a stand-in for a dead network file system.
private struct StuckCluster: Cluster {
    let currentNamespace: String? = nil
    func names(of kind: NamedKind, namespace: String?) async throws -> [ObjectName] {
        try await Task.sleep(for: .seconds(3600))
        return []
    }
    func manifests() -> AsyncThrowingStream<String, any Error> { AsyncThrowingStream { $0.finish() } }
    func object(_ reference: ObjectReference, apiVersion: String) async throws -> String? { nil }
    func serverVersion() async throws -> String? { nil }
    func delete(_ objects: [Manifest]) async throws -> [ObjectReference] { [] }
    func publish(_ events: [ClusterEvent]) async {}
    func isLeader() async -> Bool { false }
    func nodeIsGoverned() async throws {}
    let source = "stuck"

    func snapshot() async throws -> ClusterSnapshot {
        try await Task.sleep(for: .seconds(30))
        return ClusterSnapshot()
    }

    func changes() -> AsyncStream<Void> { AsyncStream { $0.finish() } }
    func apply(_ manifests: [Manifest], _ options: ApplyOptions) async throws -> [AppliedObject] { [] }
    func report(_ node: EgressNode) async throws {}
    func tunnelTokens() async throws -> [[UInt8]] { [] }
    func hold(_ address: IPAddress, node: String) async throws -> AddressLock { .heldBy(node: "") }
    func release(_ address: IPAddress, node: String) async throws {}
    func heldAddresses(node: String) async throws -> Set<IPAddress> { [] }
}
