import EgressModel
import EgressPlan
import JSONText
import Testing

@testable import EgressCommands

/// What goes wrong is said in kubectl's voice, on standard error, with what to do next.
@Suite struct ErrorTests {
    @Test func `without a kubeconfig or a snapshot there is one clear error`() async {
        for line in ["status", "list", "explain pod x", "apply -f -", "snapshot", "agent --node x"] {
            var bench = Bench()
            bench.input = "{apiVersion: v1, kind: Namespace, metadata: {name: x}}"
            let run = await bench.run(line, snapshot: false)
            #expect(run.code == 1, "\(line)")
            #expect(run.error == "error: no kubeconfig found\nhint:  set KUBECONFIG, or pass --snapshot DIR\n", "\(line)")
            #expect(run.output.isEmpty)
        }
    }

    @Test func `the environment names a snapshot where no option does`() async {
        var bench = Bench()
        bench.variables = ["KUBECTL_EGRESS_SNAPSHOT": "fake"]
        #expect(await bench.run("list", snapshot: false).code == 0)
        bench.variables = ["KUBECTL_EGRESS_SNAPSHOT": "gone"]
        #expect(await bench.run("list", snapshot: false).error == "error: the path \"gone\" does not exist\n")
        #expect(await bench.run("list").code == 0)
    }

    @Test func `a missing pod is answered with where there is one of that name`() async {
        var snapshot = fixture("cluster.yaml")
        snapshot.pods.removeAll { $0.namespace == "default" && $0.name == "mediabot" }
        let run = await Bench(FakeCluster(snapshot)).run("explain pod mediabot")
        #expect(
            run.error == """
                Error from server (NotFound): pods "mediabot" not found
                hint:  namespace default has none; there is one in: shop (-n)

                """)
        #expect(run.code == 1)
    }

    @Test func `a mistyped pod is answered with pods of nearly that name`() async {
        let run = await Bench().run("explain pod mediabo")
        #expect(run.error == "Error from server (NotFound): pods \"mediabo\" not found\nhint:  in namespace default: mediabot\n")
        #expect(await Bench().run("explain pod zzz -n shop").error.contains("pods of namespace shop: mediabot"))
        #expect(await Bench().run("explain pod zzz -n none").error.contains("pods of namespace none: none"))
    }

    @Test func `a missing policy is answered with those there are`() async {
        let run = await Bench().run("status egress-simple")
        #expect(run.code == 1)
        #expect(run.error.hasPrefix("Error from server (NotFound): ciliumegressgatewaypolicies.cilium.io \"egress-simple\" not found\n"))
        #expect(run.error.contains("egress-sample, nobody"))
    }

    @Test func `the exit code doesn't depend on the format`() async {
        for format in ["", " -o json", " -o yaml", " -o wide", " -o name"] {
            #expect(await Bench().run("status nope" + format).code == 1)
            #expect(await Bench().run("status" + format).code == 0)
        }
    }

    @Test func `an error of the helper comes with its hint`() async {
        let helper = FakeHelper(node: "node-1", facts: HostFacts())
        helper.setDown(true)
        var bench = Bench()
        bench.helper = helper
        let run = await bench.run("version --socket fake.sock", snapshot: false)
        #expect(run.error == "error: no helper answers at fake.sock\nhint:  start it\n")
        #expect(run.code == 1)
        helper.setDown(false)
        #expect(
            await bench.run("version --socket /run/{node}.sock --node a", snapshot: false).output.contains(
                "Helper Version: 0.1.0 on node-1"))
        #expect(
            await bench.run("version --socket /run/{node}.sock", snapshot: false).error
                == "error: --socket /run/{node}.sock: {node} needs --node NAME\n")
        let json = await bench.run("version --socket x -o json", snapshot: false).json
        #expect(json["helper"]?["revision"] == 0)
        #expect(json["client"]?["version"] == "0.1.0")
    }

    @Test(
        arguments: [
            ("203.0.113.80", "203.0.113.80", nil, nil), ("203.0.113.80:443", "203.0.113.80", 443, "tcp"),
            ("203.0.113.80:53/UDP", "203.0.113.80", 53, "udp"), ("2001:db8::1", "2001:db8::1", nil, nil),
            ("[2001:db8::1]", "2001:db8::1", nil, nil), ("[2001:db8::1]:443/tcp", "2001:db8::1", 443, "tcp"),
        ] as [(String, String, UInt16?, String?)])
    func `a destination is read`(text: String, address: String, port: UInt16?, transport: String?) throws {
        let destination = try DestinationText(text)
        #expect(destination.host == IPAddress(address).map(DestinationText.Host.address))
        #expect(destination.port == port)
        #expect(destination.transport == transport)
    }

    @Test(arguments: [
        "", ":", "203.0.113.80:", "203.0.113.80:0", "203.0.113.80:65536", "203.0.113.80:http", "203.0.113.80:443/", "203.0.113.80:443/quic",
        "2001:db8::1:443:x", "[2001:db8::1", "[2001:db8::1]443", "10.0.0.0/8", "300.1.1.1", "-a", "a b", "[web.example]:1", "a..b",
    ])
    func `a destination that makes no sense is refused`(text: String) {
        #expect(throws: CommandError.self) { try DestinationText(text) }
    }

    @Test(arguments: [("60", 60.0), ("60s", 60), ("1m30s", 90), ("500ms", 0.5), ("2h", 7200), ("1.5s", 1.5), ("0", 0)])
    func `a duration is read`(text: String, value: Double) { #expect(seconds(fromDuration: text) == value) }

    @Test(arguments: ["", "s", "5x", "-5s", "5s5", "1..5s", "infs"])
    func `a duration that is none is refused`(text: String) { #expect(seconds(fromDuration: text) == nil) }
}
