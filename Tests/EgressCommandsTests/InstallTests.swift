import EgressModel
import EgressPorts
import JSONText
import Testing

@testable import EgressCommands

/// What `install` and `uninstall` do with a cluster; the real manifests meet a real API server in APITests.
@Suite struct InstallTests {
    private static let definition = InstallManifests.policyDefinition

    static let manifests = [
        EmbeddedManifest(name: "crds/p.yaml", text: definitionText(labels: "{}")),
        EmbeddedManifest(name: "base/namespace.yaml", text: "apiVersion: v1\nkind: Namespace\nmetadata: {name: kubectl-egress}\n"),
        EmbeddedManifest(
            name: "base/daemonset.yaml",
            text: """
                apiVersion: apps/v1
                kind: DaemonSet
                metadata: {name: kubectl-egress, namespace: kubectl-egress}
                spec:
                  template:
                    spec:
                      containers:
                      - {name: agent, image: localhost:5000/kubectl-egress}
                      - {name: helper, image: localhost:5000/kubectl-egress}

                """),
    ]

    private static func definitionText(labels: String) -> String {
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: \(definition.name), labels: \(labels)}\n"
    }

    private func bench(_ cluster: FakeCluster = FakeCluster(ClusterSnapshot())) -> Bench {
        var bench = Bench(cluster)
        (bench.isAPI, bench.manifests) = (true, Self.manifests)
        return bench
    }

    private static let crd = "customresourcedefinition.apiextensions.k8s.io/ciliumegressgatewaypolicies.cilium.io"

    @Test func `everything is applied in order, and removed in reverse but for the policies`() async {
        let bench = bench()
        let run = await bench.run("install", snapshot: false)
        #expect(run.code == 0, "\(run.error)")
        #expect(run.output == "\(Self.crd) created\nnamespace/kubectl-egress created\ndaemonset.apps/kubectl-egress created\n")
        let removed = await bench.run("uninstall", snapshot: false)
        #expect(removed.output == "daemonset.apps/kubectl-egress deleted\nnamespace/kubectl-egress deleted\n")
        #expect(removed.error.contains("what nodes have programmed stays"))
        #expect(await bench.run("uninstall", snapshot: false).error.contains("Nothing of kubectl-egress was found."))
    }

    @Test(arguments: [
        (#"{"metadata":{"labels":{"io.cilium.k8s.crd.schema.version":"1.30.2"}}}"#, "Cilium"),
        (#"{"metadata":{"managedFields":[{"manager":"cilium-operator","fieldsV1":{"f:spec":{}}}]}}"#, "cilium-operator"),
        (#"{"metadata":{}}"#, "somebody else"),
    ])
    func `a definition that isn't ours is left as it is`(object: String, owner: String) async {
        let cluster = FakeCluster(ClusterSnapshot())
        cluster.keep(Self.definition, object)
        let run = await bench(cluster).run("install", snapshot: false)
        #expect(run.error == "note: ciliumegressgatewaypolicies.cilium.io is there already (\(owner)'s) and is left as it is\n")
        #expect(!run.output.contains(Self.crd))
        let removed = await bench(cluster).run("uninstall --crds", snapshot: false)
        #expect(!removed.output.contains(Self.crd))
        #expect(removed.error.contains("is \(owner)'s: it and its policies stay"))
    }

    @Test func `our own definition goes only with --crds`() async {
        let cluster = FakeCluster(ClusterSnapshot())
        cluster.keep(Self.definition, #"{"metadata":{"managedFields":[{"manager":"kubectl-egress","fieldsV1":{"f:spec":{}}}]}}"#)
        #expect(await bench(cluster).run("uninstall --dry-run", snapshot: false).error.contains("--crds deletes them too"))
        #expect(await bench(cluster).run("uninstall --crds --dry-run", snapshot: false).output == "\(Self.crd) deleted (dry run)\n")
        #expect(await bench(cluster).run("uninstall --crds", snapshot: false).output == "\(Self.crd) deleted\n")
    }

    @Test func `the image is the version's, or the user's`() async throws {
        let plain = await bench().run("install -o yaml", snapshot: false)
        #expect(
            plain.output.contains("image: \"localhost:5000/kubectl-egress:0.1.0\"")
                || plain.output.contains("image: localhost:5000/kubectl-egress:0.1.0"))
        #expect(plain.output.components(separatedBy: "---\n").count == 3)
        #expect(plain.code == 0)
        let other = await bench().run("install -o yaml --image r.example/e@sha256:00", snapshot: false)
        #expect(other.output.components(separatedBy: "r.example/e@sha256:00").count == 3)
    }

    @Test func `a build without manifests says so`() async {
        var bench = bench()
        bench.manifests[1].text = ""
        #expect(
            await bench.run("install", snapshot: false).error.hasPrefix("error: this build lacks manifests: deploy/base/namespace.yaml\n"))
        bench.manifests = []
        #expect(await bench.run("uninstall", snapshot: false).error.hasPrefix("error: this build lacks manifests: deploy/\n"))
    }

    @Test func `a folder is no cluster, and the namespace is fixed`() async {
        #expect(await bench().run("install").error.hasPrefix("error: nothing can be installed into fake"))
        #expect(
            await bench().run("install -n other", snapshot: false).error == """
                error: the namespace from the provided object "kubectl-egress" does not match the namespace "other". You must pass \
                '--namespace=kubectl-egress' to perform this operation.

                """)
    }

    @Test func `waiting names what is missing when time is up`() async throws {
        let cluster = FakeCluster(ClusterSnapshot())
        let run = await bench(cluster).run("install --wait --timeout 0", snapshot: false)
        #expect(run.code == 1)
        #expect(run.error.contains("timed out waiting for the installation: \(Self.crd) isn't established yet"))
    }

    @Test(
        arguments: [
            (#"{"metadata":{"generation":2},"status":{"observedGeneration":1}}"#, "no controller has looked at it yet"),
            (
                #"{"metadata":{"generation":2},"status":{"observedGeneration":2,"desiredNumberScheduled":3,"updatedNumberScheduled":1}}"#,
                "1 of 3 pods are updated"
            ),
            (
                #"{"metadata":{"generation":2},"status":{"observedGeneration":2,"desiredNumberScheduled":3,"updatedNumberScheduled":3,"numberAvailable":2}}"#,
                "2 of 3 pods are available"
            ),
            (
                #"{"metadata":{"generation":2},"status":{"observedGeneration":2,"desiredNumberScheduled":3,"updatedNumberScheduled":3,"numberAvailable":3}}"#,
                nil
            ),
            ("null", "isn't there"),
        ] as [(String, String?)])
    func `a rollout is judged as kubectl judges it`(object: String, missing: String?) throws {
        #expect(Rollout(try JSONValue(parsing: object)).missing == missing)
    }
}
