import Testing

@testable import EgressCommands

/// What a person sees, whole. Tables fit 80 columns for names of ordinary length.
@Suite struct RenderingGoldenTests {
    static let lines: [(name: String, line: String)] = [
        ("status", "status"), ("status-wide", "status -o wide"), ("status-one", "status nobody"), ("status-name", "status -o name"),
        ("list", "list -n default"), ("list-all", "list -A"), ("list-wide", "list -o wide"), ("list-node", "list --node node-2"),
        ("list-name", "list -o name"), ("list-cilium-gateway", "list -o cilium --node node-2"),
        ("list-cilium-elsewhere", "list -o cilium --node node-3"), ("explain-rules", "explain pod mediabot"),
        ("explain-gateway", "explain pod mediabot --to 192.88.99.80:443"), ("explain-excluded", "explain pod mediabot --to 198.51.100.9"),
        ("explain-drop", "explain pod mediabot -n shop --to 203.0.113.7:53/udp"),
        ("explain-direct", "explain pod bystander --to 192.88.99.80"), ("explain-yaml", "explain pod bystander --to 192.88.99.80 -o yaml"),
        ("version", "version"), ("explain-policy", "explain policy egress-sample"),
        ("explain-policy-lost", "explain policy nobody"), ("explain-policy-wide", "explain policy egress-sample -o wide"),
        ("explain-policy-json", "explain policy nobody -o json"), ("explain-policy-name", "explain policy egress-sample -o name"),
        ("explain-ip", "explain ip 203.0.113.100"), ("explain-ip-json", "explain ip 203.0.113.100 -o json"),
        ("explain-ip-node", "explain ip 192.0.2.11"), ("explain-ip-nobody", "explain ip 203.0.113.9"),
        ("explain-ip-pod", "explain ip 10.244.1.10"),
    ]

    @Test(arguments: lines)
    func `a command prints`(name: String, line: String) async throws {
        let run = await Bench().run(line)
        #expect(run.code == 0)
        try expectGolden(run.output + (run.error.isEmpty ? "" : "--- standard error\n" + run.error), name + ".txt")
    }

    @Test(arguments: lines.filter { !$0.name.contains("wide") && !$0.name.contains("yaml") && !$0.name.contains("json") })
    func `no line is longer than 80 columns`(name: String, line: String) async {
        let run = await Bench().run(line)
        for line in run.output.split(separator: "\n") { #expect(line.count <= 80, "\(name): \(line)") }
    }

    @Test(arguments: [
        "", "status", "explain", "explain pod", "explain policy", "explain ip", "explain gateway", "explain code", "list", "nat", "observe",
        "graph",
        "plugins", "apply", "diff", "lint", "snapshot", "install", "uninstall", "agent",
        "completion",
        "version",
        "options", "help",
    ])
    func `help of a command`(command: String) async throws {
        let run = await Bench().run("\(command) --help", snapshot: false)
        #expect(run.code == 0)
        #expect(run.error.isEmpty)
        #expect(run.output.contains("Examples:"))
        for line in run.output.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
        try expectGolden(run.output, "help\(command.isEmpty ? "" : "-")\(command.split(separator: " ").joined(separator: "-")).txt")
    }

    @Test func `help of a command is the same by its three names`() async {
        let first = await Bench().run("explain pod --help", snapshot: false).output
        #expect(await Bench().run("help explain pod", snapshot: false).output == first)
        #expect(await Bench().run("explain pod -h x y", snapshot: false).output == first)
    }

    @Test func `the global options`() async throws {
        try expectGolden(await Bench().run("options", snapshot: false).output, "options.txt")
    }

    @Test func `a terminal that is too narrow shortens names in the middle, a pipe never`() {
        let table = Table(
            [.init("NAME", canShrink: true), .init("IP")], rows: [["a-very-long-name-of-a-pod-7d4c-x2x9z", "10.244.100.100"]])
        #expect(table.text(width: 40).split(separator: "\n").allSatisfy { $0.count <= 40 })
        #expect(table.text(width: 40).contains("a-very-lon...7d4c-x2x9z   10.244.100.100"))
        #expect(table.text(width: nil).contains("a-very-long-name-of-a-pod-7d4c-x2x9z   10.244.100.100"))
    }

    @Test func `an object's name can't move the cursor`() {
        #expect(plainText("a\u{1B}[2Jb\u{202E}c\u{9B}d\u{7}\r") == "a?[2Jb?c?d??")
        #expect(plainText("ünïcode, 日本") == "ünïcode, 日本")
        #expect(Table([.init("NAME")], rows: [["a\u{1B}]0;x\u{7}b"]]).text(width: nil) == "NAME\na?]0;x?b\n")
    }
}
