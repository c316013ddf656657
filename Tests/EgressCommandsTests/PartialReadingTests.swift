import EgressModel
import EgressPorts
import JSONText
import Testing

@testable import EgressCommands

/// Who may not read everything gets what there is, marked as unknown, with an EG5 code and exit code 0.
@Suite struct PartialReadingTests {
    private func bench(without kinds: [ClusterKind], _ change: (inout ClusterSnapshot) -> Void) -> Bench {
        var snapshot = fixture("cluster.yaml")
        snapshot.unread = kinds.map { UnreadKind(kind: $0, code: .readForbidden, reason: "\($0.rawValue) is forbidden: User \"bob\" …") }
        change(&snapshot)
        return Bench(FakeCluster(snapshot))
    }

    @Test func `without pods their number is a lower bound`() async {
        let bench = bench(without: [.pod]) { $0.pods = [] }
        let run = await bench.run("status")
        #expect(run.code == 0)
        #expect(run.error == "note: pods can't be read; what depends on them is unknown [EG5003]\n")
        #expect(run.output.split(separator: "\n").contains { $0.hasPrefix("egress-sample   unknown") }, "\(run.output)")
        #expect(run.output.split(whereSeparator: \.isWhitespace).joined(separator: " ").contains("not readable: pods."))
        let json = await bench.run("status -o json").json
        #expect(json["policies"]?[0]?["podsComplete"] == false)
        let some = self.bench(without: [.pod]) { $0.pods = $0.pods.filter { $0.namespace == "shop" } }
        #expect(await some.run("status").output.split(separator: "\n").contains { $0.contains("1+") && $0.hasPrefix("egress-sample") })
    }

    @Test func `without reports of nodes nobody knows what is in force`() async {
        let bench = bench(without: [.egressNode]) { $0.egressNodes = [] }
        let run = await bench.run("status")
        #expect(run.code == 0)
        #expect(run.output.contains("unknown"))
        #expect(!run.output.contains("not in force everywhere"))
        #expect(!run.output.contains("OK  "))
        let json = await bench.run("status -o json").json
        #expect(json["policies"]?[0]?["programmed"]?["ready"]?.isNull == true)
    }

    @Test func `without policies nothing is said to be absent`() async {
        let bench = bench(without: [.policy]) { $0.policies = [] }
        let run = await bench.run("status")
        #expect(run.output.hasPrefix("Egress policies: unknown.\n"))
        #expect(await bench.run("status some-policy").code == 0)
        #expect(await bench.run("list").error.hasSuffix("No egress rules can be told.\n"))
    }

    @Test func `a pod that may be got but not listed is explained`() async throws {
        var snapshot = fixture("cluster.yaml")
        snapshot.pods = []
        snapshot.unread = [UnreadKind(kind: .pod, code: .readForbidden, reason: "forbidden")]
        let cluster = FakeCluster(snapshot)
        let pod =
            #"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"default","uid":"u1"},"spec":{"nodeName":"node-1"},"status":{"phase":"Running","podIP":"10.244.1.50","podIPs":[{"ip":"10.244.1.50"}]}}"#
        cluster.keep(ObjectReference(kind: "Pod", namespace: "default", name: "web"), pod)
        let run = await Bench(cluster).run("explain pod web --to 192.88.99.80 -o json")
        #expect(run.code == 0, "\(run.error)")
        #expect(run.json["pod"]?["addresses"]?[0] == "10.244.1.50")
        let missing = await Bench(cluster).run("explain pod gone")
        #expect(missing.code == 1)
        #expect(missing.error.contains("Error from server (NotFound): pods \"gone\" not found"))
    }
}
