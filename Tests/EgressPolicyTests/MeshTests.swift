import EgressModel
import EgressPolicy
import EngineSamples
import Testing

/// What a service mesh does to the way that a pod's traffic leaves.
@Suite struct MeshTests {
    static let host = "api.partner.example"
    static let gatewayHost = "istio-egressgateway.istio-system.svc.cluster.local"

    static func meta(_ name: String, _ namespace: String = "istio-system", _ labels: Labels = [:]) -> ObjectMetadata {
        ObjectMetadata(name: name, namespace: namespace, uid: "\(namespace)-\(name)", labels: labels)
    }

    static func pod(
        _ name: String, _ namespace: String, _ labels: Labels = [:], at address: IPAddress, sidecar: MeshSidecar? = nil
    ) -> Pod {
        Pod(metadata: meta(name, namespace, labels), nodeName: "node-1", addresses: [address], sidecar: sidecar)
    }

    static let route = VirtualService(
        metadata: meta("partner"), hosts: [host], gateways: ["egress", "mesh"],
        routes: [
            .init(
                .tls, matches: [.init(gateways: ["mesh"], port: 443, sniHosts: [host])],
                destinations: [.init(host: gatewayHost, port: 443, subset: "partner")]),
            .init(
                .tls, matches: [.init(gateways: ["egress"], port: 443, sniHosts: [host])], destinations: [.init(host: host, port: 443)]),
        ])

    /// A pod with a sidecar, an egress gateway whose pod a policy selects, and the way between them.
    static func cluster() -> ClusterSnapshot {
        let policy = EgressGatewayPolicy.sample(
            "partners", pods: ["istio": "egressgateway"], via: [.sample("node-2", .address("198.51.100.100"))])
        var snapshot = ClusterSnapshot.sample(policy)
        snapshot.pods += [
            pod("web", "default", at: "10.244.1.30", sidecar: .istio),
            pod("egress-1", "istio-system", ["istio": "egressgateway"], at: "10.244.1.31", sidecar: .istio),
        ]
        snapshot.namespaces += [.sample("istio-system")]
        snapshot.services = [
            Service(metadata: meta("istio-egressgateway"), addresses: ["10.96.3.4"], selector: ["istio": "egressgateway"])
        ]
        snapshot.mesh.serviceEntries = [
            ServiceEntry(metadata: meta("partner"), hosts: [host], ports: [.init(number: 443, transport: "TLS")])
        ]
        snapshot.mesh.gateways = [GatewayObject(api: .istio, metadata: meta("egress"), selector: ["istio": "egressgateway"])]
        snapshot.mesh.virtualServices = [route]
        return snapshot.announced()
    }

    func explain(
        _ name: String = "web", host: String? = MeshTests.host, to address: IPAddress? = "203.0.113.7", port: UInt16? = 443,
        transport: String? = "tcp", change: (inout ClusterSnapshot) -> Void = { _ in }
    ) throws -> Explanation {
        var snapshot = Self.cluster()
        change(&snapshot)
        let pod = try #require(snapshot.pods.first { $0.name == name })
        let destination = address.map { Destination(address: $0, port: port, transport: transport) }
        return EgressPolicy.explain(pod, to: destination, host: host, in: resolve(snapshot), of: snapshot)
    }

    @Test func `what the mesh sends through a gateway leaves as the gateway's pod`() throws {
        let explanation = try explain()
        #expect(
            explanation.verdict?.sentence
                == "The mesh sends default/web to pod istio-system/egress-1, which leaves by 198.51.100.100 through gateway node-2 (policy partners)."
        )
        #expect(explanation.verdict?.egressIP == "198.51.100.100")
        #expect(explanation.remarks.map(\.code) == [.meshSendsToGateway])
        #expect(explanation.via?.object.description == "virtualservice/istio-system/partner")
        #expect(explanation.via?.pods.map(\.pod.name) == ["egress-1"])
        #expect(explanation.via?.pods.first?.steps.map(\.step) == [.selected, .matched, .gateway, .address, .path, .inForce])
        #expect(explanation.steps.map(\.result) == [.no, .no])
    }

    @Test func `a sidecar without such a route leaves by the pod's own address`() throws {
        for change in [
            { $0.mesh.virtualServices = [] },
            {
                $0.mesh.virtualServices[0].gateways = ["egress"]; $0.mesh.virtualServices[0].routes.removeFirst()
            },
            { $0.mesh.virtualServices[0].exportTo = ["."] }, { $0.mesh.virtualServices[0].hosts = ["other.example"] },
            { $0.mesh.virtualServices[0].routes[0].matches[0].port = 8443 },
            { $0.mesh.virtualServices[0].routes[0].matches[0].sourceLabels = ["app": "other"] },
            { $0.mesh.virtualServices[0].routes[0].matches[0].sourceNamespace = "other" },
            { $0.mesh.virtualServices[0].routes[0].destinations = [.init(host: Self.host, port: 443)] },
        ] as [(inout ClusterSnapshot) -> Void] {
            let explanation = try explain(change: change)
            #expect(explanation.via == nil)
            #expect(explanation.remarks.map(\.code) == [.sidecarLeavesAsPod])
            #expect(explanation.verdict?.code == .noPolicyClaims)
        }
    }

    @Test func `what can't be told is unknown, and says why`() throws {
        let cases: [(why: String, change: (inout ClusterSnapshot) -> Void)] = [
            ("routes ask about the request's uri", { $0.mesh.virtualServices[0].routes[0].matches[0].others = ["uri"] }),
            ("redirect, which isn't evaluated", { $0.mesh.virtualServices[0].routes[0].others = ["redirect"] }),
            ("both route \(Self.host)", { $0.mesh.virtualServices.append(Self.copy($0.mesh.virtualServices[0])) }),
            (
                "httproute/istio-system/r routes \(Self.host), and isn't evaluated",
                {
                    let entry = ObjectReference(kind: "ServiceEntry", namespace: "istio-system", name: "partner")
                    let route = ObjectReference(kind: "HTTPRoute", namespace: "istio-system", name: "r")
                    $0.mesh.entryRoutes = [EntryRoute(reference: route, entries: [entry])]
                }
            ),
            ("no ServiceEntry", { $0.mesh.serviceEntries = [] }),
            ("has no port 443", { $0.mesh.serviceEntries[0].ports = [.init(number: 80, transport: "HTTP")] }),
            ("protocol of port 443 isn't said", { $0.mesh.serviceEntries[0].ports[0].transport = "" }),
            ("which isn't there", { $0.services = [] }),
            ("which has no pods", { $0.services[0].selector = ["istio": "gone"] }),
            (
                "splits it between",
                { $0.mesh.virtualServices[0].routes[0].destinations.append(.init(host: Self.host, weight: 50)) }
            ),
            ("whose address isn't known", { $0.mesh.virtualServices[0].routes[0].destinations = [.init(host: "proxy.example")] }),
        ]
        for (why, change) in cases {
            let explanation = try explain(change: change)
            #expect(explanation.via == nil, "\(why)")
            #expect(explanation.remarks.map(\.code) == [.sidecarLeavesAsPod, .meshUnknown], "\(why)")
            #expect(explanation.remarks.last?.text.contains(why) == true, "\(explanation.remarks.last?.text ?? "")")
        }
    }

    private static func copy(_ service: VirtualService) -> VirtualService {
        var copy = service
        copy.metadata.name += "-2"
        return copy
    }

    @Test func `what couldn't be read is unknown, with its code`() throws {
        let unread = UnreadKind(kind: .mesh, code: .readForbidden, reason: "virtualservices is forbidden")
        let explanation = try explain { $0.mesh.unread = [unread] }
        #expect(explanation.remarks.map(\.code) == [.sidecarLeavesAsPod, .readForbidden])
        #expect(try explain("bystander") { $0.mesh.unread = [unread] }.remarks.isEmpty)
        #expect(try explain { $0.unread = [UnreadKind(kind: .service, code: .readFailed, reason: "x")] }.remarks.last?.code == .readFailed)
    }

    @Test func `the second half of the way must be there too`() throws {
        for change in [
            { $0.mesh.gateways = [] }, { $0.mesh.virtualServices[0].routes.removeLast() },
            { $0.mesh.virtualServices[0].routes[1].destinations[0].host = "proxy.example" },
        ] as [(inout ClusterSnapshot) -> Void] {
            let explanation = try explain { snapshot in
                change(&snapshot)
                // Its proxy is no gateway's any more, but it is still what the service selects.
            }
            #expect(explanation.verdict?.action == nil)
            #expect(explanation.verdict?.code == .meshUnknown)
            #expect(explanation.via?.pods.first?.verdict == nil)
            #expect(explanation.via?.pods.first?.rules.isEmpty == false)
        }
        let originating = try explain { $0.mesh.virtualServices[0].routes[1].destinations[0].port = 8443 }
        #expect(originating.via?.destination?.port == 8443)
    }

    @Test func `of several pods that leave alike it is one, and of others no single answer`() throws {
        func second(_ labels: Labels) -> (inout ClusterSnapshot) -> Void {
            { $0.pods.append(Self.pod("egress-2", "istio-system", labels, at: "10.244.1.32", sidecar: .istio)) }
        }
        let alike = try explain(change: second(["istio": "egressgateway"]))
        #expect(alike.verdict?.sentence.contains("one of 2 pods (istio-system/egress-1, istio-system/egress-2), which leaves by") == true)
        #expect(alike.verdict?.egressIP == "198.51.100.100")
        let different = try explain { snapshot in
            second(["istio": "egressgateway"])(&snapshot)
            snapshot.pods[snapshot.pods.count - 1].isHostNetwork = true
        }
        #expect(different.verdict?.action == nil)
        #expect(different.verdict?.sentence.contains("they leave differently") == true)
    }

    @Test func `by an address the mesh may know a name`() throws {
        let blind = try explain(host: nil)
        #expect(blind.via == nil)
        #expect(blind.remarks.last?.text.contains("ask with --to HOST:PORT") == true)
        let seen = try explain(host: nil) { $0.mesh.serviceEntries[0].addresses = ["203.0.113.0/24"] }
        #expect(seen.verdict?.egressIP == "198.51.100.100")
        let virtual = try explain(host: nil) { snapshot in
            snapshot.mesh.serviceEntries[0].addresses = ["203.0.113.7/32"]
            snapshot.mesh.serviceEntries[0].keepsAddress = false
        }
        #expect(virtual.via?.destination == nil)
        #expect(virtual.verdict?.action == nil)
    }

    @Test func `without a port all ports must lead to one place`() throws {
        #expect(try explain(port: nil, transport: nil).verdict?.egressIP == "198.51.100.100")
        let split = try explain(port: nil, transport: nil) { $0.mesh.serviceEntries[0].ports.append(.init(number: 80, transport: "HTTP")) }
        #expect(split.remarks.last?.text.contains("say the port") == true)
    }

    @Test func `only TCP that annotations don't take out goes to the proxy`() throws {
        #expect(try explain(transport: "udp").remarks.map(\.code) == [.pastTheProxy])
        for (name, value) in [
            ("excludeOutboundPorts", "80, 443"), ("excludeOutboundIPRanges", "203.0.113.0/24"), ("includeOutboundIPRanges", "10.0.0.0/8"),
        ] {
            let explanation = try explain { snapshot in
                guard let index = snapshot.pods.firstIndex(where: { $0.name == "web" }) else { return }
                snapshot.pods[index].metadata.annotations["traffic.sidecar.istio.io/\(name)"] = value
            }
            #expect(explanation.remarks.map(\.code) == [.pastTheProxy], "\(name)")
            #expect(explanation.via == nil)
        }
    }

    @Test func `a wildcard is less than the host itself`() throws {
        let explanation = try explain { snapshot in
            var all = snapshot.mesh.virtualServices[0]
            all.metadata.name = "all"
            all.hosts = ["*.partner.example"]
            all.routes[0].destinations = [.init(host: "gone.istio-system.svc.cluster.local")]
            snapshot.mesh.virtualServices.append(all)
        }
        #expect(explanation.verdict?.egressIP == "198.51.100.100")
    }

    @Test func `a destination inside of the cluster is the mesh's own business`() throws {
        let explanation = try explain(host: nil, to: "10.96.3.4")
        #expect(explanation.remarks.map(\.code) == [.sidecarLeavesAsPod])
        #expect(explanation.via == nil)
    }

    @Test func `linkerd and gateways leave by their own address`() throws {
        let linked = try explain { snapshot in
            guard let index = snapshot.pods.firstIndex(where: { $0.name == "web" }) else { return }
            snapshot.pods[index].sidecar = .linkerd
        }
        #expect(linked.remarks.map(\.code) == [.sidecarLeavesAsPod])
        #expect(linked.via == nil)
        #expect(try explain("egress-1").remarks.map(\.code) == [.isMeshGateway])
        #expect(try explain("bystander").remarks.isEmpty)
    }
}

/// Ambient mode, and the pods behind gateways.
@Suite struct AmbientAndGatewayTests {
    private func cluster() -> ClusterSnapshot {
        var snapshot = MeshTests.cluster()
        snapshot.namespaces.append(
            Namespace(metadata: ObjectMetadata(name: "calm", uid: "c", labels: ["istio.io/dataplane-mode": "ambient"])))
        snapshot.namespaces.append(Namespace(metadata: ObjectMetadata(name: "out", uid: "o", labels: ["istio.io/use-waypoint": "wp"])))
        snapshot.pods += [
            MeshTests.pod("quiet", "calm", at: "10.244.1.40"),
            MeshTests.pod("wp-1", "out", ["gateway.networking.k8s.io/gateway-name": "wp"], at: "10.244.1.41", sidecar: .istio),
        ]
        snapshot.mesh.serviceEntries.append(
            ServiceEntry(
                metadata: MeshTests.meta("calm", "out"), hosts: ["calm.example"], ports: [.init(number: 443, transport: "TLS")]))
        return snapshot
    }

    private func explain(
        host: String? = "calm.example", transport: String = "tcp", change: (inout ClusterSnapshot) -> Void = { _ in }
    ) throws -> Explanation {
        var snapshot = cluster()
        change(&snapshot)
        let pod = try #require(snapshot.pods.first { $0.name == "quiet" })
        let destination = Destination(address: "203.0.113.9", port: 443, transport: transport)
        return EgressPolicy.explain(pod, to: destination, host: host, in: resolve(snapshot), of: snapshot)
    }

    @Test func `an ambient pod's connection to a host with a waypoint leaves as the waypoint`() throws {
        let explanation = try explain()
        #expect(explanation.via?.pods.map(\.pod.name) == ["wp-1"])
        #expect(explanation.remarks.map(\.code) == [.meshSendsToGateway])
        #expect(
            explanation.verdict?.sentence.hasPrefix("The mesh sends calm/quiet to pod out/wp-1, which leaves as its node node-1") == true)
    }

    @Test func `without a waypoint it leaves as the pod`() throws {
        #expect(try explain(host: "other.example").remarks.map(\.code) == [.ambientLeavesAsPod])
        #expect(try explain(change: { $0.mesh.serviceEntries[1].metadata.labels["istio.io/use-waypoint"] = "none" }).via == nil)
        #expect(try explain(transport: "udp").remarks.map(\.code) == [.pastTheProxy])
        let out = try explain { snapshot in
            guard let index = snapshot.pods.firstIndex(where: { $0.name == "quiet" }) else { return }
            snapshot.pods[index].metadata.labels["istio.io/dataplane-mode"] = "none"
        }
        #expect(out.remarks.isEmpty)
    }

    @Test func `a waypoint without pods is unknown`() throws {
        #expect(try explain(change: { $0.pods.removeLast() }).remarks.map(\.code) == [.ambientLeavesAsPod, .meshUnknown])
        #expect(try explain(host: nil).remarks.map(\.code) == [.ambientLeavesAsPod, .meshUnknown])
    }

    private func pods(_ gateway: GatewayObject, _ change: (inout ClusterSnapshot) -> Void = { _ in }) -> GatewayPods {
        var snapshot = cluster()
        change(&snapshot)
        return GatewayPods(of: gateway, in: snapshot)
    }

    @Test func `a gateway's pods are found by label, else by its service, else by its selector`() {
        let labelled = pods(GatewayObject(api: .gatewayAPI, metadata: MeshTests.meta("wp", "out")))
        #expect(labelled.pods.map(\.name) == ["wp-1"])
        #expect(labelled.way == .label)
        let served = pods(GatewayObject(api: .gatewayAPI, metadata: MeshTests.meta("front"), addresses: ["10.96.3.4"]))
        #expect(served.pods.map(\.name) == ["egress-1"])
        #expect(served.way == .service)
        let named = pods(GatewayObject(api: .gatewayAPI, metadata: MeshTests.meta("front"), hostNames: [MeshTests.gatewayHost]))
        #expect(named.way == .service)
        let selected = pods(GatewayObject(api: .istio, metadata: MeshTests.meta("egress"), selector: ["istio": "egressgateway"]))
        #expect(selected.pods.map(\.name) == ["egress-1"])
        #expect(selected.way == .selector)
    }

    @Test func `a gateway without pods says what was looked for`() {
        let none = pods(GatewayObject(api: .gatewayAPI, metadata: MeshTests.meta("gone", "out")))
        #expect(none.way == nil)
        #expect(none.detail == "label gateway.networking.k8s.io/gateway-name=gone in namespace out")
        #expect(pods(GatewayObject(api: .istio, metadata: MeshTests.meta("egress"))).pods.isEmpty)
        let finished = pods(GatewayObject(api: .gatewayAPI, metadata: MeshTests.meta("wp", "out"))) {
            $0.pods[$0.pods.count - 1].phase = .failed
        }
        #expect(finished.way == nil)
    }
}
