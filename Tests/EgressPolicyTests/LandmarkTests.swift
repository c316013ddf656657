import EgressModel
import EgressPolicy
import EngineSamples
import Testing

/// Cluster DNS, the API server and metadata addresses stay direct, and who claims them is told once.
@Suite struct LandmarkTests {
    private func service(_ name: String, in namespace: String, _ labels: Labels = [:], at addresses: IPAddress...) -> Service {
        Service(metadata: ObjectMetadata(name: name, namespace: namespace, uid: "s-\(name)", labels: labels), addresses: addresses)
    }

    private func cluster(_ policies: EgressGatewayPolicy...) -> ClusterSnapshot {
        var snapshot = ClusterSnapshot.sample()
        snapshot.policies = policies.map(\.object)
        snapshot.services = [
            service("kubernetes", in: "default", at: "10.96.0.1"),
            service("dns", in: "kube-system", ["k8s-app": "kube-dns"], at: "10.96.0.10"),
            service("web", in: "default", at: "10.96.0.99"),
        ]
        snapshot.apiServers = ["203.0.113.66"]
        return snapshot.announced()
    }

    private func told(_ snapshot: ClusterSnapshot) -> [Finding] {
        resolve(snapshot, carrying: [.ipv4, .ipv6]).findings.filter { $0.code == .inClusterKept }
    }

    private func messages(_ destinations: [IPPrefix], except: [IPPrefix] = []) -> [String] {
        told(cluster(.sample("p", to: destinations, except: except))).map(\.message)
    }

    @Test func `a policy for everything is told what it doesn't get, once`() throws {
        let found = told(cluster(.sample("p", to: ["198.51.100.0/24", "0.0.0.0/0", "::/0"])))
        #expect(found.count == 1)
        let finding = try #require(found.first)
        #expect(finding.severity == .info)
        #expect(finding.object?.name == "p")
        #expect(finding.field == "spec.destinationCIDRs[1]")
        #expect(
            finding.message
                == "the destinations hold cluster DNS (10.96.0.10), the API server (10.96.0.1 and 1 more) and metadata addresses "
                + "(169.254.169.254 and 11 more): they stay direct")
    }

    @Test func `only what the policy's own prefixes would steer is told`() {
        #expect(messages(["203.0.113.0/24"]) == ["the destinations hold the API server (203.0.113.66): it stays direct"])
        #expect(messages(["10.96.0.8/29"]) == ["the destinations hold cluster DNS (10.96.0.10): it stays direct"])
        #expect(messages(["198.51.100.0/24"]) == [])
        #expect(messages(["203.0.113.0/24"], except: ["203.0.113.64/26"]) == [])
        #expect(messages(["203.0.113.0/24"], except: ["203.0.113.0/24"]) == [])
        #expect(messages(["203.0.113.66/32"], except: ["203.0.113.0/24"]).count == 1)
    }

    @Test(
        arguments: [
            ("fd00:ec2::254", "fd00:ec2::/32"), ("100.100.100.200", "100.64.0.0/10"), ("168.63.129.16", "168.63.129.0/24"),
            ("192.0.0.192", "192.0.0.0/24"), ("169.254.169.254", "169.254.0.0/16"), ("169.254.170.2", "169.254.170.2/32"),
            ("fd20:ce::254", "fd20::/16"), ("fe80::a9fe:a9fe", "fe80::/10"),
        ] as [(IPAddress, IPPrefix)])
    func `a metadata address stays direct, link-local or not, and its neighbours don't`(_ address: IPAddress, _ prefix: IPPrefix) throws {
        var snapshot = cluster(.sample("p", to: [prefix]))
        snapshot.pods[0].addresses = ["10.244.1.7", "fd00:244::7"]
        let effective = resolve(snapshot, carrying: [.ipv4, .ipv6])
        #expect(told(snapshot).map(\.message).first?.contains("metadata address") == true)
        let verdict = explain(snapshot.pods[0], to: Destination(address: address), in: effective).verdict
        #expect(verdict?.action == .direct)
        #expect(verdict?.code == .inCluster)
        #expect(effective.clusterRange(holding: address)?.kind == .local)
        if !["fe80::a9fe:a9fe", "169.254.169.254", "169.254.170.2"].contains(address.description) {
            #expect(
                effective.clusterRange(
                    holding: address.family == .ipv4
                        ? IPAddress(ipv4: UInt32(truncatingIfNeeded: address.bits + 1)) : IPAddress(ipv6: address.bits + 1)) == nil)
        }
    }

    @Test func `an API server outside of every range stays direct`() {
        let snapshot = cluster(.sample("p"))
        let effective = resolve(snapshot)
        #expect(explain(snapshot.pods[0], to: Destination(address: "203.0.113.66"), in: effective).verdict?.code == .inCluster)
        #expect(explain(snapshot.pods[0], to: Destination(address: "203.0.113.67"), in: effective).verdict?.action == .gateway)
    }

    @Test func `where nobody says where the API server is, nodes of the control plane stand for it`() {
        var snapshot = cluster(.sample("p", to: ["192.0.2.13/32"]))
        #expect(told(snapshot) == [])
        snapshot.nodes[2].metadata.labels["node-role.kubernetes.io/control-plane"] = ""
        #expect(told(snapshot) == [], "it is said: 203.0.113.66")
        snapshot.apiServers = []
        #expect(told(snapshot).map(\.message) == ["the destinations hold the API server (192.0.2.13): it stays direct"])
    }

    @Test(arguments: [
        ("kube-dns", "kube-system"), ("coredns", "kube-system"), ("rke2-coredns-rke2-coredns", "kube-system"),
        ("dns-default", "openshift-dns"),
    ])
    func `cluster DNS is known by name too, and only where the cluster's own is`(name: String, namespace: String) {
        var snapshot = cluster(.sample("p", to: ["10.43.0.0/16"]))
        snapshot.services = [service(name, in: "team-a", at: "10.43.0.9")]
        #expect(told(snapshot) == [])
        snapshot.services.append(service(name, in: namespace, at: "10.43.0.10"))
        #expect(told(snapshot).map(\.message) == ["the destinations hold cluster DNS (10.43.0.10): it stays direct"])
    }

    @Test func `the node's own DNS cache is named where there is one`() {
        var snapshot = cluster(.sample("p", to: ["169.254.20.0/24"]))
        #expect(told(snapshot) == [])
        snapshot.services.append(
            Service(metadata: ObjectMetadata(name: "node-local-dns", namespace: "kube-system", uid: "s"), addresses: []))
        #expect(told(snapshot).map(\.message) == ["the destinations hold cluster DNS (169.254.20.10): it stays direct"])
    }
}
