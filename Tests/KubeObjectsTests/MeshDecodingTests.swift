import EgressModel
import KubeObjects
import Testing

@Suite struct MeshDecodingTests {
    private func mesh(_ text: String) -> MeshConfiguration {
        let snapshot = clusterSnapshot(from: KubeReading(text, file: "f"))
        #expect(snapshot.findings.isEmpty)
        #expect(snapshot.isComplete)
        return snapshot.mesh
    }

    @Test func `gateways of both APIs are read`() {
        let mesh = mesh(
            """
            apiVersion: gateway.networking.k8s.io/v1beta1
            kind: Gateway
            metadata: {name: front, namespace: web}
            spec: {gatewayClassName: istio, listeners: [{name: http, port: 80, protocol: HTTP}]}
            status: {addresses: [{type: IPAddress, value: 10.96.1.1}, {type: Hostname, value: front-istio.web.svc.cluster.local}]}
            ---
            apiVersion: networking.istio.io/v1alpha3
            kind: Gateway
            metadata: {name: front, namespace: web}
            spec: {selector: {istio: egressgateway}, servers: []}
            """)
        #expect(mesh.gateways.map(\.api) == [.gatewayAPI, .istio])
        #expect(mesh.gateways[0].className == "istio")
        #expect(mesh.gateways[0].addresses.map(\.description) == ["10.96.1.1"])
        #expect(mesh.gateways[0].hostNames == ["front-istio.web.svc.cluster.local"])
        #expect(mesh.gateways[1].selector == ["istio": "egressgateway"])
    }

    @Test func `a ServiceEntry's hosts, addresses, ports and how its addresses are found`() throws {
        let mesh = mesh(
            """
            apiVersion: networking.istio.io/v1
            kind: ServiceEntry
            metadata: {name: out, labels: {istio.io/use-waypoint: wp}}
            spec:
              hosts: [a.example, "*.b.example"]
              addresses: [192.0.2.7, 198.51.100.0/24, nonsense]
              ports: [{number: 443, name: tls, protocol: tls}, {number: 0, name: none}]
              resolution: DNS
              exportTo: ["."]
            """)
        let entry = try #require(mesh.serviceEntries.first)
        #expect(entry.namespace == "default")
        #expect(entry.hosts == ["a.example", "*.b.example"])
        #expect(entry.addresses.map(\.description) == ["192.0.2.7/32", "198.51.100.0/24"])
        #expect(entry.ports == [.init(number: 443, transport: "TLS")])
        #expect(!entry.keepsAddress)
        #expect(entry.exportTo == ["."])
        #expect(entry.metadata.labels["istio.io/use-waypoint"] == "wp")
    }

    @Test func `a VirtualService's routes, and what of them isn't understood by name`() throws {
        let mesh = mesh(
            """
            apiVersion: networking.istio.io/v1beta1
            kind: VirtualService
            metadata: {name: out, namespace: team}
            spec:
              hosts: [a.example]
              http:
              - match: [{port: 80, uri: {prefix: /x}, headers: {a: {exact: b}}}]
                redirect: {uri: /y}
                timeout: 3s
              - route: [{destination: {host: b, subset: v1, port: {number: 81}}, weight: 10}, {destination: {host: c}}]
              tcp:
              - match: [{destinationSubnets: [192.0.2.0/24], sourceLabels: {app: web}, sourceNamespace: team, gateways: [mesh]}]
                route: [{destination: {host: d}}]
            """)
        let service = try #require(mesh.virtualServices.first)
        #expect(service.gateways == ["mesh"])
        #expect(service.routes.map(\.kind) == [.http, .http, .tcp])
        #expect(service.routes[0].others == ["redirect"])
        #expect(service.routes[0].matches == [.init(port: 80, others: ["headers", "uri"])])
        #expect(service.routes[1].destinations == [.init(host: "b", port: 81, subset: "v1", weight: 10), .init(host: "c")])
        #expect(
            service.routes[2].matches == [
                .init(
                    gateways: ["mesh"], destinationSubnets: [try #require(IPPrefix("192.0.2.0/24"))], sourceLabels: ["app": "web"],
                    sourceNamespace: "team")
            ])
    }

    @Test func `of a route of the Gateway API it is read which entries it is for`() {
        let mesh = mesh(
            """
            apiVersion: gateway.networking.k8s.io/v1
            kind: HTTPRoute
            metadata: {name: direct, namespace: team}
            spec: {parentRefs: [{group: networking.istio.io, kind: ServiceEntry, name: partner}]}
            ---
            apiVersion: gateway.networking.k8s.io/v1alpha2
            kind: TLSRoute
            metadata: {name: onward, namespace: team}
            spec: {parentRefs: [{name: egress}]}
            """)
        #expect(mesh.entryRoutes.map(\.reference.description) == ["httproute/team/direct"])
        #expect(mesh.entryRoutes.first?.entries.map(\.description) == ["serviceentry/team/partner"])
    }

    @Test func `nonsense in a mesh's objects refuses nothing`() {
        let mesh = mesh(
            """
            {apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: x}, spec: {hosts: 7, http: {a: b}, tls: [3, {route: 4}]}}
            ---
            {apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: x}, spec: null}
            ---
            {apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: Not_A_Name}, status: {addresses: [3]}}
            """)
        #expect(mesh.virtualServices.first?.hosts == [])
        #expect(mesh.serviceEntries.first?.hosts == [])
        #expect(mesh.gateways.first?.addresses == [])
    }

    @Test func `a Gateway of another group is none of these`() {
        #expect(mesh("{apiVersion: example.org/v1, kind: Gateway, metadata: {name: x}}") == MeshConfiguration())
    }
}
