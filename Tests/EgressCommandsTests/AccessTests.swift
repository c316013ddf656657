import EgressModel
import EgressPorts
import JSONText
import Testing

@testable import EgressCommands

/// What the command line says of an API reaches the adapter; what the server says reaches the user.
@Suite struct AccessTests {
    private func access(_ words: [String]) async -> (access: ClusterAccess?, run: Bench.Run) {
        var bench = Bench()
        bench.isAPI = true
        let run = await bench.run(["status"] + words, snapshot: false)
        return (bench.accesses.last, run)
    }

    @Test func `every option of kubectl reaches the client`() async throws {
        let words = [
            "--kubeconfig=f", "--context", "c", "--cluster=k", "--user=u", "-nshop", "-s", "https://h:1", "--token=t", "--as=a",
            "--as-group=g", "--as-group=h", "--as-uid=7", "--as-user-extra=scopes=x", "--as-user-extra=scopes=y", "--username=ann",
            "--password=pw", "--request-timeout=1m30s", "--insecure-skip-tls-verify", "--certificate-authority=ca",
            "--client-certificate=cc",
            "--client-key=ck", "--tls-server-name=n", "--proxy-url=http://p", "--disable-compression", "--cache-dir=d", "-v=6",
        ]
        let access = try #require(await access(words).access)
        var wanted = ClusterAccess()
        (wanted.kubeconfig, wanted.context, wanted.cluster, wanted.user, wanted.namespace) = ("f", "c", "k", "u", "shop")
        (wanted.server, wanted.token, wanted.impersonatedUser, wanted.impersonatedGroups) = ("https://h:1", "t", "a", ["g", "h"])
        (wanted.impersonatedUID, wanted.impersonatedExtra, wanted.username, wanted.password) = ("7", ["scopes": ["x", "y"]], "ann", "pw")
        (wanted.requestTimeout, wanted.isInsecure, wanted.certificateAuthority) = (90, true, "ca")
        (wanted.clientCertificate, wanted.clientKey, wanted.tlsServerName, wanted.proxyURL) = ("cc", "ck", "n", "http://p")
        (wanted.isCompressionDisabled, wanted.verbosity) = (true, 6)
        #expect(access == wanted)
    }

    @Test(arguments: [
        ("--request-timeout=x", "error: Invalid timeout value. Timeout must be a single integer in seconds, or an integer followed by"),
        ("-v=x", "error: invalid argument \"x\" for \"-v, --v\" flag: strconv.ParseInt: parsing \"x\": invalid syntax"),
        ("--as-user-extra=x", "error: invalid argument \"x\" for \"--as-user-extra\" flag: x must be formatted as key=value"),
    ])
    func `a value that makes no sense is refused`(word: String, message: String) async {
        let (access, run) = await access([word])
        #expect(access == nil)
        #expect(run.code == 1)
        #expect(run.error.hasPrefix(message), "\(run.error)")
    }

    @Test func `a folder is read where one is named, whatever the kubeconfig says`() async {
        var bench = Bench()
        bench.isAPI = true
        #expect(await bench.run("status --context x").code == 0)
        #expect(bench.accesses.last == nil)
        #expect(await bench.run("status", snapshot: false).code == 0)
        #expect(bench.accesses.last != nil)
    }

    @Test func `a warning of the server is printed once, and is an error where the user wants it so`() async {
        var bench = Bench()
        (bench.isAPI, bench.serverWarnings) = (true, ["be careful", "be careful", "v1 is\u{1B}[2J old"])
        let run = await bench.run("status", snapshot: false)
        #expect(run.error == "Warning: be careful\nWarning: v1 is?[2J old\n")
        #expect(run.code == 0)
        let strict = await bench.run("status --warnings-as-errors", snapshot: false)
        #expect(strict.error.hasSuffix("error: 2 warnings received\n"))
        #expect(strict.output == run.output)
        #expect(strict.code == 1)
    }

    @Test func `colour is for terminals whose users take it`() async {
        var bench = Bench()
        (bench.isAPI, bench.serverWarnings, bench.isErrorTerminal) = (true, ["x"], true)
        #expect(await bench.run("status", snapshot: false).error.hasPrefix("\u{1B}[33;1mWarning:\u{1B}[0m x\n"))
        bench.variables["NO_COLOR"] = ""
        #expect(await bench.run("status", snapshot: false).error.hasPrefix("Warning: x\n"))
        bench.variables = ["TERM": "dumb"]
        #expect(await bench.run("status", snapshot: false).error.hasPrefix("Warning: x\n"))
    }

    @Test func `one pod is looked for in the context's namespace, rules in the whole cluster`() async {
        var bench = Bench(FakeCluster(fixture("cluster.yaml"), currentNamespace: "shop"))
        bench.isAPI = true
        #expect(await bench.run("explain pod mediabot -o json", snapshot: false).json["pod"]?["namespace"] == "shop")
        #expect(await bench.run("explain pod mediabot -n default -o json", snapshot: false).json["pod"]?["namespace"] == "default")
        #expect(
            await bench.run("explain pod bystander", snapshot: false).error.contains("namespace shop has none; there is one in: default"))
        let all = await bench.run("list -o json", snapshot: false)
        #expect(all.output == (await bench.run("list -A -o json", snapshot: false)).output)
        #expect(all.json["rules"]?.arrayValue?.contains { $0["pod"]?["namespace"] == "default" } == true)
    }

    @Test func `a server's own words get no prefix, and its hint a line each`() async {
        let cluster = FakeCluster(ClusterSnapshot())
        var bench = Bench(cluster)
        bench.isAPI = true
        bench.manifests = InstallTests.manifests
        let words = "Error from server (Forbidden): x is forbidden"
        cluster.refuse(ObjectReference(kind: "Namespace", name: "kubectl-egress"), ClusterError(words, voice: .verbatim, hint: "a\nb"))
        #expect(await bench.run("install", snapshot: false).error == "\(words)\nhint:  a\n       b\n")
    }
}
