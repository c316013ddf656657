import EgressModel
import EgressPorts
import JSONText
import Testing

@testable import EgressCommands

/// Applying to an API: objects one by one, conflicts by field, waiting that can be ended.
@Suite struct APIApplyTests {
    private static func policy(_ name: String, _ address: String = "203.0.113.100") -> String {
        """
        ---
        apiVersion: cilium.io/v2
        kind: CiliumEgressGatewayPolicy
        metadata: {name: \(name)}
        spec:
          selectors: [{podSelector: {matchLabels: {app: none}}}]
          destinationCIDRs: [203.0.113.0/24]
          egressGateway: {nodeSelector: {matchLabels: {a: b}}, egressIP: \(address)}

        """
    }

    private func bench(_ cluster: FakeCluster, _ input: String) -> Bench {
        var bench = Bench(cluster)
        (bench.isAPI, bench.input) = (true, input)
        return bench
    }

    private static func reference(_ name: String) -> ObjectReference { ObjectReference(kind: "CiliumEgressGatewayPolicy", name: name) }

    @Test func `a conflict shows each field with both values and its owner`() async {
        let cluster = FakeCluster(ClusterSnapshot())
        cluster.keep(Self.reference("b"), #"{"spec":{"egressGateway":{"egressIP":"203.0.113.200"}}}"#)
        let conflict = FieldConflict(object: Self.reference("b"), field: ".spec.egressGateway.egressIP", manager: "argocd")
        cluster.refuse(Self.reference("b"), ClusterError("Apply failed with 1 conflict", conflicts: [conflict]))
        let run = await bench(cluster, Self.policy("a") + Self.policy("b") + Self.policy("c")).run("apply -f -", snapshot: false)
        #expect(run.code == 1)
        #expect(
            run.output
                == "ciliumegressgatewaypolicy.cilium.io/a created\nciliumegressgatewaypolicy.cilium.io/c created\n")
        #expect(
            run.error.hasSuffix(
                """
                error: 1 field of ciliumegressgatewaypolicy.cilium.io/b is owned by another manager

                  FIELD                         YOURS           LIVE            OWNED-BY
                  spec.egressGateway.egressIP   203.0.113.100   203.0.113.200   argocd

                hint:  change it where argocd takes it from, or take it over with
                       --force-conflicts, or drop the field from your file to leave it alone

                """), "\(run.error)")
    }

    @Test func `options reach the server`() async {
        let cluster = FakeCluster(ClusterSnapshot())
        let run = await bench(cluster, Self.policy("a")).run(
            "apply -f - --dry-run=server --force-conflicts --field-manager me --server-side", snapshot: false)
        #expect(run.output == "ciliumegressgatewaypolicy.cilium.io/a created (server dry run)\n")
        #expect(cluster.lastOptions == ApplyOptions(isDryRun: true, forcesConflicts: true, fieldManager: "me"))
    }

    @Test func `a server that is gone isn't asked again for the others`() async {
        let cluster = FakeCluster(ClusterSnapshot())
        cluster.refuse(Self.reference("a"), ClusterError("Unable to connect to the server: EOF", voice: .verbatim))
        let run = await bench(cluster, Self.policy("a") + Self.policy("b")).run("apply -f -", snapshot: false)
        #expect(run.output.isEmpty)
        #expect(run.error.hasSuffix("Unable to connect to the server: EOF\nerror: 1 object was not tried\n"))
    }

    @Test func `a namespace that contradicts -n is refused in kubectl's words`() async {
        let cluster = FakeCluster(ClusterSnapshot(), currentNamespace: "team")
        let pod = "{apiVersion: v1, kind: Pod, metadata: {name: p%}}"
        let bench = bench(cluster, pod.replacing("%", with: ", namespace: other"))
        #expect(
            await bench.run("apply -f - -n mine", snapshot: false).error == """
                error: the namespace from the provided object "other" does not match the namespace "mine". You must pass \
                '--namespace=other' to perform this operation.

                """)
        #expect(await bench.run("apply -f -", snapshot: false).code == 0)
        #expect(await self.bench(cluster, pod.replacing("%", with: "")).run("apply -f -", snapshot: false).output == "pod/p created\n")
        let kept = try? await cluster.object(ObjectReference(kind: "Pod", namespace: "team", name: "p"), apiVersion: "v1")
        #expect(kept?.contains(#""namespace":"team""#) == true)
    }

    @Test func `an interrupt ends the waiting with 130, and says that the policies are applied`() async {
        var bench = bench(
            FakeCluster(fixture("cluster.yaml")), Self.policy("a").replacing("{a: b}", with: "{node.kubernetes.io/name: node-2}"))
        bench.interruption = { try? await Task.sleep(for: .milliseconds(50)) }
        let run = await bench.run("apply -f -", snapshot: false)
        #expect(run.code == 130)
        #expect(run.error == "interrupted: the policies are applied; nodes go on taking them\nhint:  kubectl egress status\n")
    }

    @Test func `a policy that is deleted meanwhile isn't waited for`() async {
        let cluster = FakeCluster(fixture("cluster.yaml"))
        let bench = bench(cluster, Self.policy("a").replacing("{a: b}", with: "{node.kubernetes.io/name: node-2}"))
        let run = Task { await bench.run("apply -f - --timeout 20s", snapshot: false) }
        #expect(await eventually { cluster.reads > 1 })
        cluster.change { $0.policies.removeAll { $0.metadata.name == "a" } }
        let end = await run.value
        #expect(end.error == "error: ciliumegressgatewaypolicy.cilium.io/a was deleted while its nodes were waited for\n")
    }

    @Test func `who may not see nodes' reports is told so, and it is no failure`() async {
        var snapshot = fixture("cluster.yaml")
        snapshot.unread = [UnreadKind(kind: .egressNode, code: .readForbidden, reason: "forbidden")]
        let run = await bench(FakeCluster(snapshot), Self.policy("a")).run("apply -f -", snapshot: false)
        #expect(run.code == 0)
        #expect(run.error.hasSuffix("note: the policies are applied; whether nodes have them in force is unknown\n"))
        snapshot.unread = [UnreadKind(kind: .egressNode, code: .kindNotServed, reason: "not served")]
        let missing = await bench(FakeCluster(snapshot), Self.policy("a")).run("apply -f -", snapshot: false)
        #expect(missing.code == 1)
        #expect(missing.error.contains("nothing here puts them in force") && missing.error.contains("kubectl egress install"))
    }

    @Test(
        arguments: [
            (".spec.a", #""x""#), (".spec.list[1]", "2"), (#".spec.items[name="b.]"].v"#, "7"), (#".spec.words["two"]"#, #""two""#),
            (".spec.none", nil), (".spec[", nil), ("", nil), ("spec.a", nil), (".spec.list[9]", nil), (#".spec.items[name="z"].v"#, nil),
        ] as [(String, String?)])
    func `a managed field's path leads to its value`(path: String, value: String?) throws {
        let object = try JSONValue(
            parsing: #"{"spec":{"a":"x","list":[1,2],"items":[{"name":"a","v":1},{"name":"b.]","v":7}],"words":["one","two"]}}"#)
        if path.isEmpty { return #expect(ManagedFieldPath(path).value(in: object) == object) }
        #expect(ManagedFieldPath(path).value(in: object)?.text() == value)
    }
}
