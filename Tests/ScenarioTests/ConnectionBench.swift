import EgressModel
import EgressPolicy
import KubeObjects
import Testing

/// A small cluster of both families, and what network policies written for it say.
struct ConnectionBench {
    static let cluster = """
        {apiVersion: v1, kind: Namespace, metadata: {name: default, labels: {team: a}}}
        ---
        {apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {team: shop}}}
        ---
        apiVersion: v1
        kind: Node
        metadata: {name: node-1, labels: {role: worker}}
        spec: {podCIDRs: [10.244.1.0/24, "fd00:10:244:1::/64"]}
        status: {addresses: [{type: InternalIP, address: 192.0.2.11}, {type: InternalIP, address: "2001:db8:2::11"}]}
        ---
        apiVersion: v1
        kind: Node
        metadata: {name: node-2}
        spec: {podCIDRs: [10.244.2.0/24, "fd00:10:244:2::/64"]}
        status: {addresses: [{type: InternalIP, address: 192.0.2.12}, {type: InternalIP, address: "2001:db8:2::12"}]}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: client, namespace: default, labels: {app: client, org: empire}}
        spec: {nodeName: node-1}
        status: {phase: Running, podIPs: [{ip: 10.244.1.2}, {ip: "fd00:10:244:1::2"}]}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: db, namespace: default, labels: {app: db}}
        spec: {nodeName: node-1}
        status: {phase: Running, podIPs: [{ip: 10.244.1.3}, {ip: "fd00:10:244:1::3"}]}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: web, namespace: shop, labels: {app: web}}
        spec:
          nodeName: node-2
          containers: [{name: c, ports: [{name: http, containerPort: 8080}, {name: dns, containerPort: 53, protocol: UDP}]}]
        status: {phase: Running, podIPs: [{ip: 10.244.2.3}, {ip: "fd00:10:244:2::3"}]}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: agent, namespace: default, labels: {app: agent}}
        spec: {nodeName: node-2, hostNetwork: true}
        status: {phase: Running, podIPs: [{ip: 192.0.2.12}]}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web, namespace: shop}
        spec: {clusterIP: 10.96.0.10, selector: {app: web}, ports: [{port: 80, targetPort: http}]}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: kubernetes, namespace: default}
        spec: {clusterIP: 10.96.0.1, ports: [{port: 443, targetPort: 6443}]}

        """

    /// Makes Cilium known; `data` is more of its configuration.
    static func cilium(_ data: String = "") -> String {
        "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: cilium-config, namespace: kube-system}, data: {ipam: kubernetes, \(data)}}\n"
    }

    /// A policy of namespace `default`, or of the cluster; `spec` in YAML's flow style.
    static func policy(_ kind: NetworkPolicyObject.Kind, _ spec: String, name: String = "p", namespace: String = "default") -> String {
        let place = kind == .ciliumClusterwide ? "" : ", namespace: \(namespace)"
        return "---\n{apiVersion: \(kind.apiVersion), kind: \(kind.rawValue), metadata: {name: \(name)\(place)}, spec: \(spec)}\n"
    }

    static func snapshot(_ manifests: String...) -> ClusterSnapshot {
        clusterSnapshot(from: KubeReading(cluster + manifests.joined(), file: "f"))
    }

    /// `to` is `ADDRESS`, or `ADDRESS PORT[/PROTO]`.
    static func verdict(_ snapshot: ClusterSnapshot, to: String, from name: String = "client") throws -> NetworkPolicyVerdict {
        let words = to.split(separator: " ")
        let parts = words.dropFirst().first?.split(separator: "/") ?? []
        let pod = try #require(snapshot.pods.first { $0.name == name })
        let destination = Destination(
            address: try #require(words.first.flatMap { IPAddress(String($0)) }), port: parts.first.flatMap { UInt16($0) },
            transport: parts.isEmpty ? nil : parts.count == 2 ? String(parts[1]) : "tcp")
        return networkPolicyVerdict(for: pod, to: destination, in: snapshot)
    }

    /// `allowed`, `denied EG2040`, `unknown EG2041`.
    static func words(_ verdict: NetworkPolicyVerdict) -> String {
        verdict.answer.rawValue + (verdict.code.map { " \($0)" } ?? "")
    }

    static func answer(_ snapshot: ClusterSnapshot, to: String, from name: String = "client") throws -> String {
        words(try verdict(snapshot, to: to, from: name))
    }
}

/// One row: a policy, a destination and the answer. `D` is `denied EG2040`.
struct ConnectionCase: Sendable, CustomStringConvertible {
    var rules: String
    var to: String
    var expected: String

    init(_ rules: String, _ to: String, _ expected: String) {
        (self.rules, self.to, self.expected) = (rules, to, expected == "D" ? "denied EG2040" : expected)
    }

    var description: String { "\(rules) -> \(to)" }
}
