import Glibc
import TestKit
import Testing

/// Tests that share one server, one after the other: what one applies, another would see.
@Suite(.serialized, .requires(.api)) enum SharedServerTests {}

/// A small cluster on a real API server: nodes, pods with addresses, a policy, and what nodes would report of it. There is
/// no kubelet and no agent here: the tests write what those would write.
enum SampleCluster {
    /// The server of this test process with everything in it.
    static func server() throws -> APIServer { try prepared.get() }

    private static let prepared = Result {
        let server = try APIServer.shared()
        for file in ["ciliumegressgatewaypolicies", "egressnodes"] {
            try server.apply(FileText.read("\(Programs.top)/deploy/crds/\(file).yaml") ?? "")
        }
        try kubectl(server, "wait", "--for=condition=Established", "--timeout=60s", "crd", "--all")
        try server.apply(objects)
        try kubectl(server, "apply", "--server-side", "--field-manager=kubelet", "--subresource=status", "-f", "-", input: statuses)
        try server.apply(heartbeats)
        let uid = try kubectl(server, "get", "cegp", "egress-sample", "-o", "jsonpath={.metadata.uid}")
        try report(server, "node-1", policies: [("egress-sample", uid, 1)])
        try report(
            server, "node-2", policies: [("egress-sample", uid, 1)],
            resolutions:
                "[{policy: egress-sample, uid: \(uid), entry: 0, id: 7, ipv4: [203.0.113.100], ipv6: [], interface: eth0, code: '', reason: ''}]"
        )
        return server
    }

    /// Throws with what kubectl said when it fails.
    @discardableResult
    static func kubectl(_ server: APIServer, _ arguments: String..., input: String = "") throws -> String {
        let outcome = try server.kubectl(arguments, input: input)
        guard outcome.succeeded else { throw TestKitError("kubectl \(arguments.joined(separator: " ")): \(outcome.errors)") }
        return outcome.output
    }

    /// What a node's agent writes of itself, now.
    static func report(
        _ server: APIServer, _ node: String, policies: [(name: String, uid: String, generation: Int)], resolutions: String = "[]"
    ) throws {
        let number = node.suffix(1)
        let inForce = policies.map { policy in
            "{name: \(policy.name), uid: \(policy.uid), generation: \(policy.generation), programmed: true, pods: 1, code: '', reason: ''}"
        }
        let head = "apiVersion: kubectl-egress.dev/v1alpha1\nkind: EgressNode\nmetadata: {name: \(node)}\n"
        try server.apply(head)
        try kubectl(
            server, "apply", "--server-side", "--field-manager=agent-\(node)", "--subresource=status", "-f", "-",
            input: head + """
                status:
                  reportedAt: "\(now())"
                  helper: {version: 0.1.0, abi: 3, datapath: tcx}
                  interfaces: [{name: eth0, altNames: [], index: 2, addresses: [192.0.2.1\(number)/24, 203.0.113.100/32], up: true}]
                  defaultRoute: {ipv4: eth0}
                  ranges: {pods: [10.244.0.0/16], services: [10.96.0.0/16]}
                  steering: {default: redirect, reason: test}
                  lastEntryID: 7
                  resolutions: \(resolutions)
                  policies: [\(inForce.joined(separator: ", "))]

                """)
    }

    /// Of an hour from now: nobody renews them here, and a slow machine must make no node silent.
    private static var heartbeats: String {
        let leases = ["node-1", "node-2"].map { node in
            "---\napiVersion: coordination.k8s.io/v1\nkind: Lease\nmetadata: {name: \(node), namespace: kubectl-egress}\n"
                + "spec: {holderIdentity: \(node), leaseDurationSeconds: 40, renewTime: \"\(now(after: 3600).dropLast()).000000Z\"}\n"
        }
        return "apiVersion: v1\nkind: Namespace\nmetadata: {name: kubectl-egress}\n" + leases.joined()
    }

    private static func now(after seconds: Int = 0) -> String {
        var moment = time(nil) + seconds
        var parts = tm()
        gmtime_r(&moment, &parts)
        var text = [CChar](repeating: 0, count: 32)
        strftime(&text, text.count, "%Y-%m-%dT%H:%M:%SZ", &parts)
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    static func policy(_ name: String, egressIP: String = "203.0.113.100", labels: String = "{org: empire}") -> String {
        """
        apiVersion: cilium.io/v2
        kind: CiliumEgressGatewayPolicy
        metadata: {name: \(name)}
        spec:
          selectors: [{podSelector: {matchLabels: \(labels)}}]
          destinationCIDRs: [192.88.99.0/24]
          egressGateway:
            nodeSelector: {matchLabels: {node.kubernetes.io/name: node-2}}
            egressIP: \(egressIP)

        """
    }

    private static let objects = """
        apiVersion: v1
        kind: Node
        metadata: {name: node-1, labels: {node.kubernetes.io/name: node-1}}
        spec: {podCIDR: 10.244.1.0/24, podCIDRs: [10.244.1.0/24]}
        ---
        apiVersion: v1
        kind: Node
        metadata: {name: node-2, labels: {node.kubernetes.io/name: node-2}}
        spec: {podCIDR: 10.244.2.0/24, podCIDRs: [10.244.2.0/24]}
        ---
        apiVersion: v1
        kind: Namespace
        metadata: {name: shop}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: mediabot, namespace: default, labels: {org: empire}}
        spec: {nodeName: node-1, containers: [{name: c, image: x, env: [{name: SECRET, value: hunter2}]}]}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: web, namespace: shop}
        spec: {nodeName: node-2, containers: [{name: c, image: x}]}
        ---
        \(policy("egress-sample"))
        """

    private static let statuses = """
        apiVersion: v1
        kind: Node
        metadata: {name: node-1}
        status: {addresses: [{type: InternalIP, address: 192.0.2.11}], conditions: [{type: Ready, status: "True"}]}
        ---
        apiVersion: v1
        kind: Node
        metadata: {name: node-2}
        status: {addresses: [{type: InternalIP, address: 192.0.2.12}], conditions: [{type: Ready, status: "True"}]}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: mediabot, namespace: default}
        status: {phase: Running, podIP: 10.244.1.10, podIPs: [{ip: 10.244.1.10}]}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: web, namespace: shop}
        status: {phase: Running, podIP: 10.244.2.10, podIPs: [{ip: 10.244.2.10}]}

        """
}

extension APIServer {
    /// `kubectl egress WORDS`, as a user types it.
    func egress(_ words: String..., as kubeconfig: String? = nil, input: String = "", environment: [String: String] = [:]) throws
        -> CommandOutcome
    {
        try kubectl(["egress"] + words, as: kubeconfig, input: input, environment: environment)
    }

    /// A file in the server's folder, which goes with it.
    func write(_ text: String, to name: String, executable: Bool = false) throws -> String {
        let path = "\(folder)/\(name)"
        try FileText.write(text, to: path)
        if executable { chmod(path, 0o700) }
        return path
    }
}
