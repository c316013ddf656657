import JSONText
import TestKit
import Testing

@testable import EgressCommands

/// The same templates to kubectl's own printer and to ours, filled in from the same object.
@Suite(.enabled(if: (try? Command.run([Programs.kubectl, "version", "--client"])) != nil, "kubectl isn't on this machine"))
struct JSONPathTests {
    private static let kubeconfig = """
        apiVersion: v1
        kind: Config
        current-context: a
        clusters:
        - {name: one, cluster: {server: "https://192.0.2.1:6443", insecure-skip-tls-verify: true}}
        - {name: two, cluster: {server: "https://192.0.2.2:6443"}}
        - {name: three, cluster: {server: "https://192.0.2.3"}}
        contexts:
        - {name: a, context: {cluster: one, user: u, namespace: x}}
        users:
        - {name: u, user: {}}
        """

    /// What kubectl prints, or its first line on standard error.
    private func kubectl(_ output: String) throws -> (text: String, isError: Bool) {
        let folder = try TemporaryFolder()
        let path = folder.path + "/config"
        try folder.write(Self.kubeconfig, to: "config")
        let outcome = try Command.outcome([Programs.kubectl, "--kubeconfig", path, "config", "view", "-o", output])
        guard !outcome.succeeded else { return (outcome.output, false) }
        return (outcome.errors.split(separator: "\n").first.map(String.init) ?? "", true)
    }

    private func object() throws -> JSONValue { try JSONValue(parsing: try kubectl("json").text.utf8) }

    @Test(arguments: [
        "{.clusters[*].name}", ".clusters", "{.clusters}", #"{range .clusters[*]}{.name}{"\t"}{.cluster.server}{"\n"}{end}"#, "{..server}",
        "{.clusters[?(@.name=='two')].cluster.server}", "{.clusters[-1].name}", "{.clusters[0:2].name}", "{.clusters[0:3:2].name}",
        "{.clusters[-2:].name}", "{.clusters[*]['name','cluster']}", "{.nope}", "{.nope.deeper[*].x}",
        "{.clusters[0].name}-{.clusters[1].name}", "{@.kind}", "{$.kind}",
        "{.clusters[?(@.cluster.insecure-skip-tls-verify)].name}", "{.clusters[?(@.cluster.insecure-skip-tls-verify==true)].name}",
        #"{.clusters[?(@.name!="two")].name}"#, #"{.clusters[?(@.name>"one")].name}"#, #"{.clusters[?(@.name<="one")].name}"#,
        "{.clusters[*].cluster}", #"{"a\tb"}{'c\n'}"#, "{.clusters[0,2].name}", "{['kind']}", "{.*.name}", "{.clusters.name}", "plain text",
        "{}", "{.clusters[0]}{.kind}", #"{.current-context}"#, "{ .kind }", "{range .clusters[*]}{range .cluster}{.server} {end}{end}",
    ])
    func `a template prints what kubectl prints`(template: String) throws {
        let theirs = try kubectl("jsonpath=" + template)
        #expect(!theirs.isError, "kubectl itself doesn't take \(template): \(theirs.text)")
        #expect(try JSONPathTemplate(template).text(of: object()) == theirs.text)
    }

    @Test(arguments: [
        "{.clusters[0", "{clusters}", "{.kind}{end}", "{.clusters[9].name}", "{[0]}", "{.clusters[a]}", #"{.clusters[?(@.name =~ "x")]}"#,
        #"{.data["a"]}"#, "{.clusters[?(@.name=='x')}", "", "{.clusters[1:2:3:4]}", "{'x}", "{.clusters[99999999999999999999]}",
    ])
    func `what kubectl refuses is refused`(template: String) throws {
        #expect(try kubectl("jsonpath=" + template).isError)
        let object = try object()
        let error = #expect(throws: CommandError.self) { try JSONPathTemplate(template).text(of: object) }
        #expect(error?.lines.first?.hasPrefix("error: ") == true)
    }

    @Test func `templates that nobody means are refused or filled in, and never trap`() throws {
        let object = try object()
        var chance = SystemRandomNumberGenerator()
        let pieces = [
            "{", "}", "[", "]", ".", "..", "*", "'", "\"", "?(", ")", "@", "$", "range", "end", "name", "clusters", "0", "-1", ":", ",",
            "==", "<", "\\", " ", "é",
        ]
        for _ in 0..<20_000 {
            let template = (0..<Int.random(in: 1...12, using: &chance)).compactMap { _ in pieces.randomElement(using: &chance) }.joined()
            _ = try? JSONPathTemplate(template).text(of: object)
            _ = try? CustomColumns("A:" + template).text(of: [object])
        }
    }
}

@Suite struct CustomColumnTests {
    private let rows: [JSONValue] = [
        ["name": "a", "address": "192.0.2.1", "labels": ["x.y/z": "1"], "ports": [80, 443], "gone": nil], ["name": "b", "address": nil],
    ]

    @Test func `a line a row, and none for what is not there`() throws {
        let text = try CustomColumns(#"NAME:.name,IP:{.address},LABEL:.labels.x\.y/z,PORTS:.ports[*],FIRST:ports[:1],GONE:.gone"#).text(
            of: rows)
        #expect(
            text == """
                NAME   IP          LABEL    PORTS    FIRST    GONE
                a      192.0.2.1   1        80,443   80       <none>
                b      <none>      <none>   <none>   <none>   <none>

                """)
    }

    @Test(arguments: [
        ("", "custom-columns format specified but no custom columns given"),
        ("NAME", "unexpected custom-columns spec: NAME, expected <header>:<json-path-expr>"),
        ("NAME:", "unexpected custom-columns spec: NAME:, expected <header>:<json-path-expr>"),
        ("A:.x,:.y", "unexpected custom-columns spec: :.y, expected <header>:<json-path-expr>"),
    ])
    func `what is no column is refused in kubectl's words`(text: String, words: String) {
        #expect(throws: CommandError(words)) { try CustomColumns(text) }
    }

    @Test func `a format that the command has not is refused with those that it has`() throws {
        let error = #expect(throws: CommandError.self) { try OutputFormat("xml", allowed: [.json, .wide]) }
        #expect(error?.lines.first?.hasSuffix("allowed formats are: custom-columns,json,jsonpath,wide") == true)
        #expect(throws: CommandError.self) { try OutputFormat("jsonpath={.x}", allowed: [.name]) }
        #expect(throws: CommandError.self) { try OutputFormat("jsonpath={.x}", allowed: [.json], templates: false) }
    }

    @Test func `commands fill templates from their machine output`() async {
        let names = await Bench().run(["list", "-o", "jsonpath={.rules[*].policy}"])
        #expect(names.output.split(separator: " ").contains("egress-sample"))
        let rows = await Bench().run(["status", "-o", "custom-columns=POLICY:.name,PODS:.pods"])
        #expect(rows.output == "POLICY          PODS\negress-sample   2\nnobody          1\n")
        #expect(rows.error.contains("EG1001"))
    }
}
