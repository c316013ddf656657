import ClusterFolder
import EgressModel
import EgressPorts
import JSONText
import Testing

@testable import EgressCommands

private let policyText = """
    apiVersion: cilium.io/v2
    kind: CiliumEgressGatewayPolicy
    metadata:
      name: added
    spec:
      selectors:
      - podSelector: {matchLabels: {org: empire}}
      destinationCIDRs:
      - 203.0.113.0/24
      egressGateway:
        nodeSelector: {matchLabels: {node.kubernetes.io/name: node-2}}
        egressIP: 203.0.113.100

    """

/// What is said of it before it is applied: another policy has the same prefix and is older.
private let overlap = """
    Warning: ciliumegressgatewaypolicy/added: policy nobody decides 203.0.113.0/24
             for pod shop/mediabot (older) [EG2013]

    """

@Suite struct ApplyTests {
    /// A real folder with the fixture in it.
    private func folder() throws -> (TemporaryFolder, Bench) {
        let folder = try TemporaryFolder()
        try folder.write(try contents(testFile("Fixtures/cluster.yaml")), to: "cluster.yaml")
        return (folder, Bench(ClusterFolder(path: folder.path)))
    }

    @Test func `what was applied is said as kubectl says it`() async throws {
        let (state, bench) = try folder()
        let files = try TemporaryFolder()
        let file = try files.write(policyText, to: "p.yaml")
        let first = await bench.run("apply -f \(file) --wait=false")
        #expect(first.error == overlap)
        #expect(first.output == "ciliumegressgatewaypolicy.cilium.io/added created\n")
        #expect(await bench.run("apply -f \(file) --wait=false").output == "ciliumegressgatewaypolicy.cilium.io/added unchanged\n")
        try files.write(policyText.replacing("203.0.113.0/24", with: "203.0.113.0/25"), to: "p.yaml")
        #expect(await bench.run("apply -f \(file) --wait=false").output == "ciliumegressgatewaypolicy.cilium.io/added configured\n")
        #expect(await bench.run("apply -f \(file) --wait=false -o name").output == "ciliumegressgatewaypolicy.cilium.io/added\n")
        #expect(await bench.run("list -o json").json["rules"]?.arrayValue?.contains { $0["destinationCIDR"] == "203.0.113.0/25" } == true)
        withExtendedLifetime(state) {}
    }

    @Test func `a dry run says what would change and changes nothing`() async throws {
        let (state, bench) = try folder()
        var piped = bench
        piped.input = policyText + "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: default}\n"
        let run = await piped.run("apply -f - --dry-run=client")
        #expect(run.output == "ciliumegressgatewaypolicy.cilium.io/added created (dry run)\nnamespace/default unchanged (dry run)\n")
        #expect(run.code == 0)
        #expect(await bench.run("status added").code == 1)
        withExtendedLifetime(state) {}
    }

    @Test func `folders are read by the names of their files, and below with -R`() async throws {
        let (state, bench) = try folder()
        let files = try TemporaryFolder()
        try files.write(policyText, to: "b.yaml")
        try files.write(policyText.replacing("added", with: "first"), to: "a.yml")
        try files.write(policyText.replacing("added", with: "deep"), to: "below/c.yaml")
        try files.write("not a manifest", to: "notes.txt")
        let shallow = await bench.run("apply --wait=false --dry-run -f \(files.path)")
        #expect(
            shallow.output.split(separator: "\n").map { $0.split(separator: " ")[0] }.map { $0.split(separator: "/")[1] } == [
                "first", "added",
            ])
        let deep = await bench.run("apply --wait=false --dry-run -R -f \(files.path)")
        #expect(deep.output.contains("/deep created"))
        let empty = try TemporaryFolder()
        #expect(await bench.run("apply -f \(empty.path)").error.contains("recognized file extensions are [.json .yaml .yml]"))
        withExtendedLifetime(state) {}
    }

    @Test func `every error of every manifest is named with its place, and nothing is applied`() async throws {
        let (state, bench) = try folder()
        let files = try TemporaryFolder()
        let good = try files.write(policyText, to: "good.yaml")
        let bad = try files.write(
            policyText.replacing("added", with: "broken").replacing("203.0.113.0/24", with: "\"10.0.0.0/33\"").replacing(
                "    egressIP: 203.0.113.100", with: "    egressIP: 203.0.113.100\n    interface: eth0"), to: "bad.yaml")
        let broken = try files.write("a: [1, 2\nb: }", to: "worse.yaml")
        let run = await bench.run("apply -f \(good) -f \(bad) -f \(broken)")
        #expect(run.code == 1)
        #expect(run.output.isEmpty)
        #expect(
            run.error.contains(
                "error: \(bad):9:5: CiliumEgressGatewayPolicy broken: spec.destinationCIDRs[0]: \"10.0.0.0/33\" is not a CIDR"))
        #expect(run.error.contains("[EG2006]"))
        #expect(run.error.contains("error: \(broken):"))
        #expect(run.error.contains("nothing was applied"))
        #expect(await bench.run("status added").code == 1)
        withExtendedLifetime(state) {}
    }

    @Test func `an unknown field is a warning, with the name that was meant`() async throws {
        let (state, bench) = try folder()
        var piped = bench
        piped.input = policyText.replacing("  destinationCIDRs:", with: "  excludedCIDR: []\n  destinationCIDRs:")
        let run = await piped.run("apply -f - --wait=false")
        #expect(run.code == 0)
        #expect(run.error.hasPrefix("Warning: STDIN:"))
        // The name alone says what is wrong; a user once had to guess what was meant.
        #expect(run.error.contains("spec.excludedCIDR: unknown field"))
        #expect(run.error.contains("  hint: did you mean excludedCIDRs?\n"))
        withExtendedLifetime(state) {}
    }

    @Test(arguments: [
        ("apply", "error: must specify -f"), ("apply -f /nowhere/x.yaml", "error: the path \"/nowhere/x.yaml\" does not exist"),
        ("apply -f http://x/y", "error: the URL http://x/y can't be read by this version"),
        ("apply -f - --dry-run=maybe", "error: Invalid dry-run value (maybe). Must be \"none\", \"server\", or \"client\"."),
        ("apply -f - --server-side=false", "error: --server-side=false: objects are applied by the API server alone"),
        ("apply -f - --field-manager=", "error: --field-manager takes 1 to 128 characters"),
        ("apply -f - --dry-run=client --force-conflicts", "error: --dry-run=client and --force-conflicts don't go together"),
        ("apply -f - --timeout=soon", "error: invalid argument \"soon\" for \"--timeout\" flag: time: invalid duration"),
        ("apply -f -", "error: no objects passed to apply"), ("apply x -f -", "error: unexpected args: [x]"),
    ])
    func `a wrong call is refused`(line: String, message: String) async {
        let run = await Bench().run(line)
        #expect(run.error.split(separator: "\n").first.map(String.init) == message)
        #expect(run.code == 1)
    }

    @Test func `applying waits until every node concerned has the generation`() async throws {
        let (state, bench) = try folder()
        var piped = bench
        piped.input = policyText
        let apply = Task { [piped] in await piped.run("apply -f - --timeout 20s") }
        let cluster = ClusterFolder(path: state.path)
        #expect(try await eventually { try await cluster.snapshot().policies.contains { $0.metadata.name == "added" } })
        let snapshot = try await cluster.snapshot()
        let uid = try #require(snapshot.policies.first { $0.metadata.name == "added" }?.metadata.uid)
        for name in ["node-1", "node-2"] {
            #expect(!apply.isCancelled)
            var node = try #require(snapshot.egressNodes.first { $0.name == name })
            node.policies.append(PolicyInForce(name: "added", uid: uid, generation: 1, programmed: true, pods: 1))
            try await cluster.report(node)
        }
        let run = await apply.value
        #expect(run.error == overlap)
        #expect(
            run.output == """
                ciliumegressgatewaypolicy.cilium.io/added created
                  node-1: generation 1 in force (1 pod)
                  node-2: generation 1 in force (gateway, 1 pod)

                """)
    }

    @Test func `when time is up the nodes that wait are named with their reasons`() async throws {
        let (state, bench) = try folder()
        var piped = bench
        piped.input = policyText
        let run = await piped.run("apply -f - --timeout 300ms")
        #expect(run.code == 1)
        #expect(run.output == "ciliumegressgatewaypolicy.cilium.io/added created\n")
        #expect(
            run.error == overlap + """
                error: timed out waiting for the policies to be in force; they are applied all the same
                  added on node-1: doesn't report the policy yet [EG4005]
                  added on node-2: doesn't report the policy yet [EG4005]
                hint:  kubectl egress status

                """)
        withExtendedLifetime(state) {}
    }

    @Test func `a snapshot path that isn't there is an error with the path`() async {
        let run = await Bench(ClusterFolder(path: "/nowhere/at/all")).run("status")
        #expect(run.code == 1)
        #expect(run.error.contains("/nowhere/at/all"))
        #expect(run.error.hasPrefix("error: "))
    }
}
