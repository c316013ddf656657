import EgressModel
import EgressPolicy
import JSONText
import KubeObjects
import Testing

@testable import EgressCommands

private func policy(_ name: String, spec: String = "") -> String {
    """
    apiVersion: cilium.io/v2
    kind: CiliumEgressGatewayPolicy
    metadata:
      name: \(name)
    spec:
      selectors:
      - podSelector: {matchLabels: {app: \(name)}}
      destinationCIDRs: [203.0.113.0/24]
      egressGateway:
        nodeSelector: {matchLabels: {egress: "true"}}
    \(spec)

    """
}

private let broken = policy("web").replacing("203.0.113.0/24", with: "203.0.113.0/33")
private let warned = policy("web", spec: "  ippools: [a]")

@Suite struct LintTests {
    private func lint(_ text: String, _ options: String = "") async -> Bench.Run {
        var bench = Bench()
        bench.input = text
        return await bench.run("lint -f - \(options)", snapshot: false)
    }

    @Test func `a policy that is right leaves standard output empty, and the exit code is 0`() async {
        let run = await lint(policy("web"))
        #expect(run.output.isEmpty)
        #expect(run.error == "1 policy in 1 file: nothing found\n")
        #expect(run.code == 0)
    }

    @Test func `an error is a line that editors jump to, and the exit code is 1`() async {
        let run = await lint(broken)
        #expect(
            run.output == """
                STDIN:8:22: error: "203.0.113.0/33" is not a CIDR: the length goes from 0 to 32 [EG2004]
                  in:   CiliumEgressGatewayPolicy/web spec.destinationCIDRs[0]

                """)
        #expect(run.error == "1 policy in 1 file: 1 error\n")
        #expect(run.code == 1)
    }

    @Test(arguments: ["", "-o json", "-o yaml", "-o name", "-o junit", "-o sarif", "-o github"])
    func `the exit code doesn't depend on the form`(options: String) async {
        #expect(await lint(policy("web"), options).code == 0)
        #expect(await lint(warned, options).code == 0)
        #expect(await lint(broken, options).code == 1)
        #expect(await lint(warned, options + " --warnings-as-errors").code == 1)
        #expect(await lint(policy("web"), options + " --warnings-as-errors").code == 0)
    }

    @Test func `a folder, several files and several documents are checked together`() async throws {
        let folder = try TemporaryFolder()
        try folder.write(policy("a") + "---\n" + policy("b"), to: "x.yaml")
        try folder.write(broken, to: "below/y.yml")
        try folder.write("not a manifest", to: "below/z.txt")
        let flat = await Bench().run("lint -f \(folder.path)", snapshot: false)
        #expect(flat.error == "2 policies in 1 file: nothing found\n")
        let deep = await Bench().run("lint -R -f \(folder.path) -o json", snapshot: false)
        #expect(deep.code == 1)
        #expect(deep.json["policies"] == 3)
        #expect(deep.json["findings"]?.arrayValue?.first?["place"]?["file"] == .string("\(folder.path)/below/y.yml"))
        let both = await Bench().run("lint -f \(folder.path)/x.yaml -f \(folder.path)/below/y.yml", snapshot: false)
        #expect(both.error == "3 policies in 2 files: 1 error\n")
    }

    @Test func `what makes manifests is left out of folders, and said`() async throws {
        let folder = try TemporaryFolder()
        try folder.write(policy("a"), to: "x.yaml")
        try folder.write("resources: [x.yaml]\n", to: "kustomization.yaml")
        try folder.write("name: c\n", to: "chart/Chart.yaml")
        try folder.write("{{- if .Values.x }}\n", to: "chart/templates/p.yaml")
        let run = await Bench().run("lint -R -f \(folder.path)", snapshot: false)
        #expect(run.code == 0)
        #expect(
            run.error == "note: \(folder.path)/chart is left out, a chart: check what it makes, helm template \(folder.path)/chart | "
                + "kubectl egress lint -f -\n1 policy in 1 file: nothing found\n")
        // Named by itself it is what was asked for.
        #expect(await Bench().run("lint -f \(folder.path)/chart/Chart.yaml", snapshot: false).code == 1)
    }

    @Test func `a cluster isn't asked for, and none is taken`() async {
        let run = await Bench().run("lint -f \(projectFile("deploy/examples"))")
        #expect(run.error.hasPrefix("error: --snapshot: lint looks at files alone\nhint:  what they would change"))
    }

    @Test func `a list in JSON has places too`() async throws {
        let json = try #require(KubeReading(broken, file: "f").documents.first).json.text()
        let run = await lint("{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [\n\(json)]}")
        let column = try #require(json.firstRange(of: "\"203.0.113.0/33\"")).lowerBound
        #expect(run.output.hasPrefix("STDIN:2:\(json.distance(from: json.startIndex, to: column) + 1): error: "))
    }

    @Test func `nothing at all is an error, and so is no file`() async {
        #expect(await lint("").error.hasPrefix("error: no objects passed to lint\n"))
        #expect(await lint("---\n# nothing\n---\n").code == 1)
        #expect(await Bench().run("lint", snapshot: false).error.hasPrefix("error: must specify -f\n"))
        #expect(await Bench().run("lint -f /nonexistent", snapshot: false).error == "error: the path \"/nonexistent\" does not exist\n")
    }

    @Test func `objects without a policy are no error, but are told of`() async {
        let run = await lint("apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n")
        #expect(run.code == 0)
        #expect(run.output.contains("[EG2080]"))
    }

    @Test func `what only means that no cluster is there isn't said`() async {
        let run = await lint(policy("web"), "-o json")
        #expect(run.json["findings"] == [])
    }

    @Test func `with nodes among the files, gateways are looked for`() async {
        let node = "---\napiVersion: v1\nkind: Node\nmetadata: {name: n1, labels: {egress: \"false\"}}\n"
        let run = await lint(policy("web") + node)
        #expect(run.output.contains("STDIN:10:19: error: no node matches egress=true [EG1001]"), "\(run.output)")
        #expect(await lint(policy("web") + node.replacing("false", with: "true")).output.isEmpty)
    }

    @Test func `with pods among the files, selectors are tried on them`() async {
        let pod =
            "---\napiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {app: other}}\nstatus: {podIP: 10.0.0.1}\nspec: {nodeName: n1}\n"
        let run = await lint(policy("web") + pod)
        #expect(run.output.hasPrefix("STDIN:7:3: info: no pod that can have rules is selected [EG2014]"), "\(run.output)")
        #expect(await lint(policy("web") + pod.replacing("other", with: "web")).output.isEmpty)
    }

    @Test func `two policies for the same pods are told of once, at the one that loses`() async {
        let text = policy("a") + "---\n" + policy("b").replacing("app: b", with: "app: a")
        let run = await lint(text)
        #expect(run.output.split(separator: "\n").filter { $0.contains("[EG2013]") }.count == 1)
        #expect(run.output.contains("STDIN:20:22: warning: policy a selects the same pods and more"), "\(run.output)")
        // With a pod that both select, the pod is the example.
        let pod = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {app: a}}\nstatus: {podIP: 10.0.0.1}\nspec: {nodeName: n1}\n"
        let known = await lint(text + pod)
        #expect(known.output.contains("policy a decides 203.0.113.0/24 for pod default/p"))
        #expect(known.output.split(separator: "\n").filter { $0.contains("[EG2013]") }.count == 1)
    }

    @Test func `a gateway in the list is named by its place there`() async {
        let text = policy("web").replacing(
            "  egressGateway:\n    nodeSelector: {matchLabels: {egress: \"true\"}}", with: "  egressGateways: [{nodeSelector: {}}]")
        let run = await lint(text)
        #expect(run.output.contains("STDIN:9:35: info: matches every node"), "\(run.output)")
        #expect(run.output.contains("spec.egressGateways[0].nodeSelector"))
    }

    @Test func `the same object twice is told of, and errors in both`() async {
        let run = await lint(broken + "---\n" + policy("web"))
        #expect(run.output.contains("[EG2004]"))
        #expect(run.output.contains("[EG2018]"))
    }

    @Test func `other products' objects are named`() async {
        let run = await lint("apiVersion: crd.antrea.io/v1beta1\nkind: Egress\nmetadata: {name: e}\n")
        #expect(
            run.output.contains(
                "STDIN:2:7: warning: Egress of crd.antrea.io/v1beta1 belongs to Antrea; it has no effect on egress here [EG2074]"))
        #expect(run.code == 0)
    }

    @Test func `the examples are without errors and warnings`() async throws {
        let run = await lint(try contents(projectFile("deploy/examples/egress-sample.yaml")), "-o json")
        #expect(run.json["summary"]?["errors"] == 0, "\(run.output)")
        #expect(run.code == 0)
    }

    @Test func `an additional check is given everything, and its findings get places`() throws {
        let check: LintCheck.Check = { snapshot in
            snapshot.policies.compactMap(\.policy).map {
                Finding(.info, .notSelected, object: $0.reference, field: "spec.destinationCIDRs[0]", message: "seen")
            }
        }
        let findings = LintCheck(reading: KubeReading(policy("web"), file: "f"), checks: [check]).findings()
        #expect(findings.map { "\($0.place?.description ?? "") \($0.message)" } == ["f:8:22 seen"])
    }
}
