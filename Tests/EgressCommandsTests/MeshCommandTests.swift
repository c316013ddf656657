import EgressModel
import JSONText
import Testing

@testable import EgressCommands

/// `explain` where a service mesh has a say, and `explain gateway`.
@Suite struct MeshCommandTests {
    static let lines: [(name: String, line: String)] = [
        ("mesh-followed", "explain pod web --to api.partner.example:443"),
        ("mesh-followed-json", "explain pod web --to api.partner.example:443 -o json"),
        ("mesh-by-address", "explain pod web --to 192.88.99.80:443"), ("mesh-linkerd", "explain pod linked"),
        ("mesh-waypoint", "explain pod quiet -n calm --to calm.partner.example:443"),
        ("mesh-gateway", "explain gateway istio-system/istio-egressgateway --to api.partner.example:443"),
        ("mesh-gateway-service", "explain gateway front"), ("mesh-gateway-json", "explain gateway waypoint -n istio-egress -o json"),
        ("mesh-gateway-name", "explain gw istio-egress/waypoint -o name"),
    ]

    static func bench(_ change: (inout ClusterSnapshot) -> Void = { _ in }) -> Bench {
        var snapshot = fixture("mesh.yaml")
        change(&snapshot)
        var bench = Bench(FakeCluster(snapshot))
        bench.hosts = [
            "api.partner.example": ["192.88.99.80"].compactMap { IPAddress($0) },
            "calm.partner.example": ["192.88.99.81"].compactMap { IPAddress($0) },
        ]
        return bench
    }

    @Test(arguments: lines)
    func `a command prints`(name: String, line: String) async throws {
        let run = await Self.bench().run(line)
        #expect(run.code == 0)
        try expectGolden(run.output + (run.error.isEmpty ? "" : "--- standard error\n" + run.error), name + ".txt")
        if !name.hasSuffix("json") { for line in run.output.split(separator: "\n") { #expect(line.count <= 80, "\(line)") } }
    }

    @Test func `the JSON of a pod has remarks and the way through the mesh, or null`() async {
        let followed = await Self.bench().run("explain pod web --to api.partner.example:443 -o json").json
        #expect(followed["verdict"]?["egressIP"] == "203.0.113.100")
        #expect(followed["via"]?["object"] == "virtualservice/istio-system/partner-through-gateway")
        #expect(followed["via"]?["pods"]?[0]?["pod"]?["name"] == "istio-egressgateway-7d4c")
        #expect(followed["via"]?["pods"]?[0]?["via"] == JSONValue.null)
        #expect(followed["remarks"]?[0]?["code"] == "EG2051")
        let plain = await Bench().run("explain pod bystander --to 192.88.99.80 -o json").json
        #expect(plain["remarks"] == [])
        #expect(plain["via"] == JSONValue.null)
    }

    @Test(arguments: [
        ("explain gateway fron", "hint:  in namespace default: front"),
        ("explain gateway waypoint", "namespace default has none of that name; there is one in: istio-egress"),
        ("explain gateway istio-egress/zebra", "gateways of namespace istio-egress: waypoint"),
        ("explain gateway nowhere/zebra", "there are: default/front, istio-egress/waypoint, istio-system/istio-egressgateway"),
        ("explain policy partner", "there is partners"), ("explain policy zebra", "policies: partners"),
    ])
    func `what isn't there is answered by what is`(line: String, hint: String) async {
        let run = await Self.bench().run(line)
        #expect(run.code == 1)
        #expect(run.output.isEmpty)
        #expect(run.error.contains("(NotFound)"))
        #expect(run.error.contains(hint), "\(run.error)")
    }

    @Test(arguments: [
        ("explain gateway", "takes one name, 0 were given"), ("explain policy a b", "takes one name, 2 were given"),
        ("explain ip", "takes one address, 0 were given"), ("explain ip zebra", "\"zebra\" is not an IP address"),
        ("explain ip 10.0.0.0/8", "10.0.0.0/8 is a range"), ("explain gateway a/b/c", "is not a gateway's name"),
        ("explain gateway a/b -n c", "a/b is not in namespace c (-n)"), ("explain ip 192.0.2.1 -o cilium", "allowed formats are"),
    ])
    func `a wrong line says what is wrong`(line: String, message: String) async {
        let run = await Self.bench().run(line)
        #expect(run.code == 1)
        #expect(run.error.contains(message), "\(run.error)")
    }

    @Test func `a cluster without gateways says so`() async {
        let run = await Bench().run("explain gateway front")
        #expect(run.error.contains("this cluster has no Gateways"))
    }

    @Test func `gateways that can't be read are no wrong no`() async {
        let unread = UnreadKind(kind: .mesh, code: .readForbidden, reason: "gateways is forbidden")
        let bench = Self.bench { snapshot in
            snapshot.mesh = MeshConfiguration(unread: [unread])
        }
        let hidden = await bench.run("explain gateway front")
        #expect(hidden.code == 1)
        #expect(hidden.error.contains("gateways can't be read: gateways is forbidden [EG5003]"))
        let labelled = await bench.run("explain gateway istio-egress/waypoint -o json")
        #expect(labelled.code == 0)
        #expect(labelled.json["foundBy"] == "label")
        let status = await bench.run("status")
        #expect(!status.output.contains("not readable"))
        #expect(status.error.isEmpty)
    }

    @Test func `a gateway without pods is a finding, not an error`() async {
        let run = await Self.bench { $0.pods.removeAll { $0.namespace == "istio-egress" } }.run("explain gateway istio-egress/waypoint")
        #expect(run.code == 0)
        #expect(run.output.contains("[EG2056]"))
        #expect(run.output.contains("0 pods by label gateway.networking.k8s.io/gateway-name=waypoint"))
    }

    @Test func `a rejected policy is explained as one`() async {
        let run = await Bench(
            FakeCluster(
                {
                    var snapshot = fixture("cluster.yaml")
                    let finding = Finding(
                        .error, .invalidCIDR, object: ObjectReference(kind: "CiliumEgressGatewayPolicy", name: "bad"), message: "no CIDR")
                    snapshot.policies.append(
                        PolicyObject(metadata: ObjectMetadata(name: "bad", uid: "b"), policy: nil, findings: [finding]))
                    return snapshot
                }())
        ).run("explain policy bad")
        #expect(run.code == 0)
        #expect(run.output.contains("Nothing leaves by bad: the policy is rejected."))
        #expect(run.output.contains("[EG2004]"))
    }

    @Test func `a snapshot keeps what couldn't be read of meshes`() async {
        let unread = UnreadKind(kind: .mesh, code: .readForbidden, reason: "gateways is forbidden")
        let run = await Self.bench { $0.mesh.unread = [unread] }.run("snapshot")
        #expect(run.output.contains(#""kind":"mesh""#))
    }
}
