import Foundation
import TestKit
import Testing

/// Connections that come in over the real kube-proxy's rules, and its services seen from a selected pod.
@Suite(.requires(.lab), .requires(.api), .kubeProxy, .apiLab, .serialized)
struct KubeProxyTests {
    private static let node = "192.0.2.11"

    /// A lab with kube-proxy on node-1, services, servers in the pods, the underlay's route to the pods, and the policy.
    private func prepared(_ body: (Lab, _ pod: String) throws -> Void) async throws {
        let lab = try #require(APILab.current)
        let pod = try lab.kubectl("get", "pod", "mediabot", "-o", "jsonpath={.status.podIP}")
        let other = try lab.kubectl("get", "pod", "bystander", "-o", "jsonpath={.status.podIP}")
        _ = try lab.exec("underlay", "ip", "route", "add", "10.244.1.0/24", "via", Self.node)
        try lab.create(Self.services(pod: pod, other: other))
        try lab.call("kube-proxy", "node-1")
        let rules = try await lab.eventually("default/outside:web", within: 20) {
            try lab.exec("node-1", "iptables-save", "-t", "nat").output
        }
        try #require(rules.contains("default/outside:web"), "\(rules)")
        let web = try HTTPServer(lab, pod: "mediabot", port: 8080)
        let inside = try HTTPServer(lab, pod: "bystander", port: 8080)
        let echo = try UDPEcho(lab, in: "mediabot", address: "0.0.0.0")
        defer {
            web.stop()
            inside.stop()
            echo.stop()
        }
        // Before the policy the service leads outside, by the node's address.
        #expect(try lab.seen("mediabot", server: "10.96.0.30") == Self.node)
        try lab.apply(samplePolicy())
        try body(lab, pod)
        try lab.kubectl("delete", "cegp", "--all")
    }

    @Test func `what comes in by NodePort or directly is answered, and no service of the cluster leads a selected pod out`() async throws {
        try await prepared { lab, pod in
            #expect(try lab.seen("mediabot") == Lab.egressIP)
            // 30080 and 30053 with the client's address, 30081 with the node's; and the pod's own address.
            for url in ["http://\(Self.node):30080/", "http://\(Self.node):30081/", "http://\(pod):8080/"] {
                let answer = try lab.exec("outside", "curl", "-sS", "--max-time", "3", "-o", "/dev/null", "-w", "%{http_code}", url)
                #expect(answer.output == "200", "\(url): \(answer.errors)")
            }
            for (address, port) in [(Self.node, 30053), (Self.node, 30054), (pod, 5353)] {
                // A connected socket takes an answer from the address that it called only.
                #expect(try lab.answers("outside", address, port: port) == 3, "\(address):\(port)")
            }
            let claimed = try lab.exec("node-1", "iptables-save", "-t", "filter").output
            #expect(claimed.contains("--ctstate INVALID -j DROP"), "kube-proxy's own rule stands")

            // A service inside is never touched; one that leads outside is dropped, counted, and never leaves.
            let inside = try lab.exec(
                "mediabot", "curl", "-sS", "--max-time", "3", "-o", "/dev/null", "-w", "%{http_code}", "http://10.96.0.20/")
            #expect(inside.output == "200", "\(inside.errors)")
            let before = try lab.counter("service", node: "node-1")
            let log = try lab.accessLog().count
            #expect(try lab.seen("mediabot", server: "10.96.0.30", timeout: 2) == nil)
            #expect(try lab.accessLog().count == log)
            #expect(try lab.counter("service", node: "node-1") > before)
            #expect(try lab.seen("bystander", server: "10.96.0.30") == Self.node, "no policy selects it")
            #expect(try lab.seen("mediabot") == Lab.egressIP)
        }
    }

    private static func services(pod: String, other: String) -> String {
        let ports = "[{name: web, port: 80, protocol: TCP}]"
        func service(_ name: String, _ spec: String, _ address: String, _ endpointPorts: String) -> String {
            """
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: \(name), namespace: default}
            spec: {\(spec)}
            ---
            apiVersion: discovery.k8s.io/v1beta1
            kind: EndpointSlice
            metadata: {name: \(name)-1, namespace: default, labels: {kubernetes.io/service-name: \(name)}}
            addressType: IPv4
            endpoints: [{addresses: ["\(address)"], conditions: {ready: true}, topology: {kubernetes.io/hostname: node-1}}]
            ports: [\(endpointPorts)]

            """
        }
        let both = "{name: web, port: 8080, protocol: TCP}, {name: echo, port: 5353, protocol: UDP}"
        func nodePort(_ web: Int, _ echo: Int, _ policy: String) -> String {
            "type: NodePort, externalTrafficPolicy: \(policy), ports: [{name: web, port: 80, protocol: TCP, nodePort: \(web)}, "
                + "{name: echo, port: 5353, protocol: UDP, nodePort: \(echo)}]"
        }
        return service("called", nodePort(30080, 30053, "Local"), pod, both)
            + service("called-by-node", nodePort(30081, 30054, "Cluster"), pod, both)
            + service("inside", "clusterIP: 10.96.0.20, ports: \(ports)", other, "{name: web, port: 8080, protocol: TCP}")
            + service("outside", "clusterIP: 10.96.0.30, ports: \(ports)", Lab.outside, "{name: web, port: 80, protocol: TCP}")
    }
}

extension Trait where Self == ConditionTrait {
    /// kube-proxy is at hand: in KUBEBUILDER_ASSETS, or in shared/tools beside the checkout.
    static var kubeProxy: Self {
        .enabled("needs kube-proxy, in KUBEBUILDER_ASSETS") {
            try Command.outcome([Lab.script, "kube-proxy", "any", "present"]).succeeded
        }
    }
}

extension Lab {
    /// Creates objects of any kind with kubectl.
    fileprivate func create(_ manifests: String) throws {
        let file = path.appendingPathComponent("objects-\(UUID().uuidString).yaml")
        try Data(manifests.utf8).write(to: file)
        try kubectl("apply", "-f", file.path)
    }

    /// How many of three questions over one UDP connection are answered.
    fileprivate func answers(_ name: String, _ address: String, port: Int) throws -> Int {
        let client = """
            import socket
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.settimeout(2)
            s.connect(("\(address)", \(port)))
            count = 0
            for i in range(3):
                s.send(b"question")
                try:
                    count += len(s.recv(100)) > 0
                except OSError:
                    pass
            print(count)
            """
        return Int(try exec(name, "python3", "-c", client).output.trimmingCharacters(in: .whitespacesAndNewlines)) ?? -1
    }
}
