import ClusterFolder
import EgressModel
import EgressPorts
import JSONText
import Testing

@testable import EgressCommands

/// A change of `egress-sample` and a policy that is new.
private let changed = """
    apiVersion: cilium.io/v2
    kind: CiliumEgressGatewayPolicy
    metadata: {name: egress-sample}
    spec:
      selectors:
      - podSelector: {matchLabels: {org: empire, class: mediabot}}
      destinationCIDRs: [0.0.0.0/0]
      excludedCIDRs: [198.51.100.0/25]
      egressGateway:
        nodeSelector: {matchLabels: {node.kubernetes.io/name: node-1}}
    ---
    apiVersion: cilium.io/v2
    kind: CiliumEgressGatewayPolicy
    metadata: {name: more}
    spec:
      selectors: [{podSelector: {}}]
      destinationCIDRs: [192.88.99.0/24]
      egressGateway:
        nodeSelector: {matchLabels: {node.kubernetes.io/name: node-2}}

    """

/// As the fixture has it.
private let same = """
    apiVersion: cilium.io/v2
    kind: CiliumEgressGatewayPolicy
    metadata: {name: egress-sample}
    spec:
      selectors:
      - podSelector: {matchLabels: {org: empire, class: mediabot}}
      destinationCIDRs: [0.0.0.0/0]
      excludedCIDRs: [198.51.100.0/24]
      egressGateway:
        nodeSelector: {matchLabels: {node.kubernetes.io/name: node-2}}
        egressIP: 203.0.113.100

    """

/// A folder with the fixture in it, and a file of manifests.
private struct Desk {
    let state: TemporaryFolder
    let files: TemporaryFolder
    let bench: Bench

    init(_ manifests: String = changed) throws {
        state = try TemporaryFolder()
        files = try TemporaryFolder()
        try state.write(try contents(testFile("Fixtures/cluster.yaml")), to: "cluster.yaml")
        try files.write(manifests, to: "p.yaml")
        bench = Bench(ClusterFolder(path: state.path))
    }

    var file: String { files.path + "/p.yaml" }

    func run(_ line: String, input: String = "") async -> Bench.Run {
        var bench = bench
        bench.input = input
        return await bench.run(line.replacing("FILE", with: file))
    }
}

@Suite struct DiffTests {
    @Test(arguments: [
        ("diff", "diff -f FILE"), ("diff-wide", "diff -f FILE -o wide"), ("diff-json", "diff -f FILE -o json"),
        ("diff-name", "diff -f FILE -o name"), ("diff-all", "diff -f FILE -A"), ("diff-delete", "diff --delete -f FILE"),
        ("diff-node-down", "diff --what-if-node-down node-2"), ("diff-both", "diff -f FILE --what-if-node-down node-2"),
    ])
    func `a diff prints`(name: String, line: String) async throws {
        let desk = try Desk()
        let run = await desk.run(line)
        #expect(run.code == 1)
        if !name.contains("wide") { #expect(run.output.split(separator: "\n").allSatisfy { $0.count <= 80 || name.contains("json") }) }
        try expectGolden(run.output + (run.error.isEmpty ? "" : "--- standard error\n" + run.error), name + ".txt")
    }

    @Test func `without a change there is nothing to print but valid JSON, and the code is 0`() async throws {
        let desk = try Desk(same)
        let run = await desk.run("diff -f FILE")
        #expect((run.code, run.output, run.error) == (0, "", "No changes.\n"))
        let json = await desk.run("diff -f FILE -o json")
        #expect(json.code == 0)
        #expect(json.json["objects"]?[0]?["change"] == "none")
        #expect(json.json["pods"] == [])
        #expect(json.json["summary"] == ["gain": 0, "lose": 0, "change": 0, "connections": .null])
        #expect(json.json["findings"] == [])
    }

    @Test func `an object that changes without any pod is a change`() async throws {
        let desk = try Desk("{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {team: a}}}")
        let run = await desk.run("diff -f FILE")
        #expect(run.code == 1)
        #expect(run.output.hasPrefix("OBJECT           CHANGE\nnamespace/shop   update\n\nPODS   no pod leaves in another way.\n"))
    }

    @Test func `nodes, pods and namespaces are put over the cluster's, and what they don't mention stays`() async throws {
        let label = "{apiVersion: v1, kind: Node, metadata: {name: node-2, labels: {egress: \"yes\"}}}"
        let run = try await Desk(label).run("diff -f FILE -o json")
        // `nobody` gets a gateway, and egress-sample keeps its own: the label that it selects by is not taken off.
        #expect(run.json["summary"]?["gain"] == 1)
        #expect(run.json["pods"]?[0]?["pod"]?["name"] == "mediabot")
        #expect(run.json["pods"]?[0]?["before"]?["action"] == "drop")
        #expect(run.json["pods"]?[0]?["after"]?["egressIP"] == "192.0.2.12")
        let pod = "{apiVersion: v1, kind: Pod, metadata: {name: bystander, labels: {org: empire, class: mediabot}}}"
        let gained = try await Desk(pod).run("diff -f FILE -o json")
        #expect(gained.json["objects"] == [["object": "pod/default/bystander", "change": "update"]])
        #expect(gained.json["pods"]?[0]?["after"]?["egressIP"] == "203.0.113.100")
    }

    @Test func `manifests come from folders, below them, several documents and standard input`() async throws {
        let desk = try Desk(same)
        try desk.files.write(changed, to: "below/c.yaml")
        #expect(await desk.run("diff -f \(desk.files.path)").code == 0)
        #expect(await desk.run("diff -R -f \(desk.files.path)").code == 1)
        let piped = await desk.run("diff -f - -o json", input: changed)
        #expect(piped.code == 1)
        #expect(piped.json["objects"]?.arrayValue?.count == 2)
    }

    @Test func `nothing is written`() async throws {
        let desk = try Desk()
        let before = try contents(desk.state.path + "/cluster.yaml")
        _ = await desk.run("diff -f FILE")
        #expect(try contents(desk.state.path + "/cluster.yaml") == before)
        #expect(await desk.run("status more").code == 1)
    }

    @Test func `more pods than --max-pods is a code of its own, after all was shown`() async throws {
        let desk = try Desk()
        let over = await desk.run("diff -f FILE --max-pods 2")
        #expect(over.code == 3)
        #expect(over.output.contains("default/mediabot"))
        #expect(over.error.hasPrefix("error: 3 pods would leave in another way, --max-pods allows 2 [EG2066]\n"))
        #expect(await desk.run("diff -f FILE --max-pods 3").code == 1)
        #expect(try await Desk(same).run("diff -f FILE --max-pods 0").code == 0)
    }

    @Test func `pods that can't be read make --max-pods an error, and figures lower bounds`() async throws {
        var snapshot = fixture("cluster.yaml")
        snapshot.unread = [UnreadKind(kind: .pod, namespace: "shop", code: .readForbidden, reason: "forbidden")]
        var bench = Bench(FakeCluster(snapshot))
        bench.input = changed
        let run = await bench.run("diff -f - --max-pods 9")
        #expect(run.code == 2)
        #expect(run.error.contains("error: how many pods would leave in another way isn't known"))
        #expect(run.output.contains("PODS   at least "))
    }

    @Test(arguments: [
        ("diff", "error: must specify -f"), ("diff -f /nowhere.yaml", "error: the path \"/nowhere.yaml\" does not exist"),
        ("diff --nonsense", "error: unknown flag: --nonsense"), ("diff x -f -", "error: unexpected args: [x]"),
        ("diff -f FILE -o cilium", "error: unable to match a printer suitable for the output format \"cilium\""),
        ("diff -f FILE --max-pods many", "error: invalid argument \"many\" for \"--max-pods\" flag"),
        ("diff -f FILE --max-pods=-1", "error: invalid argument \"-1\" for \"--max-pods\" flag"),
        ("diff --delete --what-if-node-down node-1", "error: --delete needs -f"),
        ("diff --what-if-node-down nod-2", "Error from server (NotFound): nodes \"nod-2\" not found"),
        ("diff -f -", "error: no objects passed to diff"),
        ("diff -f FILE --snapshot /nowhere", "error: the path \"/nowhere\" does not exist"),
    ])
    func `an error is never taken for a difference`(line: String, message: String) async throws {
        let desk = try Desk()
        let run = await desk.bench.run(line.replacing("FILE", with: desk.file), snapshot: !line.contains("--snapshot"))
        #expect(run.error.hasPrefix(message), "\(run.error)")
        #expect(run.code == 2)
        #expect(run.output.isEmpty)
    }

    @Test func `an invalid manifest is named with its place, and nothing is compared`() async throws {
        let desk = try Desk(same.replacing("0.0.0.0/0", with: "0.0.0.0/64"))
        let run = await desk.run("diff -f FILE")
        #expect(run.code == 2)
        #expect(
            run.error.hasPrefix("error: \(desk.file):7:22: CiliumEgressGatewayPolicy egress-sample: spec.destinationCIDRs[0]"),
            "\(run.error)")
        #expect(run.error.hasSuffix("error: nothing was compared: 1 error\n"))
    }

    @Test func `a warning of a manifest is a finding with its place`() async throws {
        let desk = try Desk(changed.replacing("192.88.99.0/24", with: "192.88.99.7/24"))
        let run = await desk.run("diff -f FILE")
        #expect(run.output.contains("WARNING ciliumegressgatewaypolicy/more [EG2008] (\(desk.file):17:22)"), "\(run.output)")
        #expect(run.error.isEmpty)
    }
}

@Suite struct ApplyPreviewTests {
    @Test func `what applying does to pods is said first, on standard error`() async throws {
        let desk = try Desk()
        let run = await desk.run("apply -f FILE --wait=false")
        #expect(run.code == 0)
        try expectGolden(run.output + "--- standard error\n" + run.error, "apply-preview.txt")
        for line in run.error.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
        let again = await desk.run("apply -f FILE --wait=false")
        #expect(again.error.isEmpty)
    }

    @Test func `more pods than --max-pods, and nothing is applied`() async throws {
        let desk = try Desk()
        let run = await desk.run("apply -f FILE --max-pods 2")
        #expect(run.code == 3)
        #expect(run.output.isEmpty)
        #expect(run.error.contains("error: 3 pods would leave in another way, --max-pods allows 2; nothing was applied [EG2066]\n"))
        #expect(await desk.run("status more").code == 1)
        #expect(await desk.run("apply -f FILE --max-pods 3 --wait=false").code == 0)
        #expect(await desk.run("status more").code == 0)
    }

    @Test func `a dry run says it too`() async throws {
        let run = try await Desk().run("apply -f FILE --dry-run=client")
        #expect(run.error.hasPrefix("change: 1 pod gains an egress IP, 2 pods leave in another way;"), "\(run.error)")
        #expect(run.output.hasSuffix("ciliumegressgatewaypolicy.cilium.io/more created (dry run)\n"))
    }

    @Test func `who may not read the cluster may apply, but not with a limit`() async throws {
        var snapshot = ClusterSnapshot()
        snapshot.unread = [.pod, .policy, .node].map { UnreadKind(kind: $0, code: .readForbidden, reason: "forbidden") }
        var bench = Bench(FakeCluster(snapshot))
        bench.input = changed
        let run = await bench.run("apply -f - --wait=false")
        #expect(run.code == 0)
        #expect(run.error == "note: what this does to pods is unknown: pods can't be read [EG5003]\n")
        let limited = await bench.run("apply -f - --wait=false --max-pods 3")
        #expect(limited.code == 1)
        #expect(limited.output.isEmpty)
        bench.input = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}"
        #expect(await bench.run("apply -f - --wait=false --max-pods 0").error.isEmpty)
    }
}

@Suite struct WhatIfCommandTests {
    private let labels = "--what-if org=empire --what-if class=mediabot"

    @Test func `explain pod with labels that it hasn't`() async throws {
        let desk = try Desk()
        let run = await desk.run("explain pod bystander --to 192.88.99.80 -o json \(labels)")
        #expect(run.code == 0)
        #expect(run.json["verdict"]?["egressIP"] == "203.0.113.100")
        #expect(run.error == "note: what if: pod default/bystander with org=empire class=mediabot; nothing was changed\n")
        let off = await desk.run("explain pod mediabot --to 192.88.99.80 -o json --what-if class-")
        #expect(off.json["verdict"]?["action"] == "direct")
        #expect(await desk.run("explain pod bystander --to 192.88.99.80 -o json").json["verdict"]?["action"] == "direct")
    }

    @Test func `explain, list and status with manifests that aren't applied`() async throws {
        let desk = try Desk()
        let explained = await desk.run("explain pod bystander --to 192.88.99.80 -o json --what-if -f FILE")
        #expect(explained.json["verdict"]?["egressIP"] == "192.0.2.12")
        #expect(explained.error == "note: what if: \(desk.file) applied; nothing was changed\n")
        let listed = await desk.run("list -o json --what-if -f FILE")
        #expect(listed.json["rules"]?.arrayValue?.contains { $0["policy"] == "more" && $0["egressIP"] == "192.0.2.12" } == true)
        let status = await desk.run("status more -o json --what-if --filename FILE")
        #expect(status.json["policies"]?[0]?["pods"] == 3)
        #expect(await desk.run("status more").code == 1)
    }

    @Test func `list, status and explain with a node that is down`() async throws {
        let desk = try Desk()
        let listed = await desk.run("list -o json --what-if-node-down node-2")
        #expect(listed.json["rules"]?.arrayValue?.contains { $0["action"] == "gateway" } == false)
        let status = await desk.run("status -o json --what-if-node-down node-2")
        #expect(status.json["gateways"]?[0]?["ready"] == false)
        #expect(status.error == "note: what if: node node-2 down; nothing was changed\n")
        let explained = await desk.run("explain pod mediabot --to 192.88.99.80 -o json --what-if-node-down node-2")
        #expect(explained.json["verdict"]?["code"] == "EG1002")
    }

    @Test(arguments: [
        ("explain pod mediabot --what-if", "error: --what-if needs a label (label=value, label-) or -f"),
        ("explain pod mediabot --what-if=word", "error: --what-if word: a label is expected"),
        ("explain pod mediabot --what-if=-a=b", "error: --what-if -a=b: \"-a\" is no label's key"),
        ("explain pod mediabot --what-if=a=b/c", "error: --what-if a=b/c: \"b/c\" is no label's value"),
        ("explain pod mediabot -f FILE", "error: -f says what to suppose, and needs --what-if"),
        ("list --what-if a=b", "error: --what-if a=b: a label is for explain pod alone; here --what-if goes with -f"),
        ("status -w --what-if -f -", "error: -f - can't be read again after each change (-w)"),
        ("list --what-if-node-down node-9", "Error from server (NotFound): nodes \"node-9\" not found"),
        ("explain pod nobody --what-if a=b", "Error from server (NotFound): pods \"nobody\" not found"),
    ])
    func `a what-if that makes no sense is refused`(line: String, message: String) async throws {
        let run = try await Desk().run(line)
        #expect(run.code == 1)
        #expect(run.error.split(separator: "\n").contains { $0 == message }, "\(run.error)")
        #expect(run.output.isEmpty)
    }
}
