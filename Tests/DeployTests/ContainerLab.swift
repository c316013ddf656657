import Foundation
import TestKit

/// A lab whose node-1 and node-2 run the DaemonSet's containers, by `Tests/Lab/daemonset-pod`.
///
/// On an API server the agents have the in-cluster credentials that the manifest mounts: a token of their ServiceAccount, which has
/// the manifests' rights and no others. Tests of the helper alone do without, on a folder of manifests.
struct ContainerLab {
    enum Store { case api, folder }

    static let nodes = ["node-1", "node-2"]
    static let egressIP = "198.51.100.100"
    let id: String
    let folder: String
    let store: Store
    private let manifest: String

    /// What a node's containers run with, where it isn't what the manifest says.
    struct Change {
        /// Path of what RuntimeDefault is; `nil`: containerd's.
        var seccomp: String?
        var dropped: [String] = []
        /// More arguments of the helper; the last one of a name counts.
        var helperArguments: [String] = []
    }

    static func with(_ store: Store = .api, _ body: (ContainerLab) throws -> Void) throws {
        let id = "d" + String(UInt32.random(in: 0..<(1 << 28)), radix: 36)
        let lab = ContainerLab(id: id, folder: "/run/egress-lab/\(id)", store: store, manifest: "/run/egress-lab/\(id)/daemonset.yaml")
        var failure: (any Error)?
        do {
            try lab.prepare()
            for node in nodes {
                try Command.run(["mkdir", "-p", lab.pod(node), "\(lab.folder)/\(node)/bpf", "\(lab.folder)/\(node)/state"])
                try Command.run(["mount", "-t", "bpf", "-o", "mode=700", "bpf", "\(lab.folder)/\(node)/bpf"])
            }
            try body(lab)
        } catch {
            failure = TestKitError("\(error)\n\(lab.logs())")
        }
        lab.remove()
        if let failure { throw failure }
    }

    private func prepare() throws {
        switch store {
        case .folder:
            try call("up")
            // Agents aren't root, and write their EgressNodes.
            try Command.run(["chown", "-R", "65532:65532", folder + "/cluster"])
        case .api:
            try call("up", "--api")
            try call("kubectl", "apply", "--server-side", "--force-conflicts", "-k", Manifests.folder + "/with-policy-crd")
            try writeCredentials()
        }
        try Manifests.kustomize("base").write(toFile: manifest, atomically: true, encoding: .utf8)
    }

    /// What a kubelet projects: 0440, the pod's group.
    private func writeCredentials() throws {
        let place = folder + "/credentials"
        try Command.run(["install", "-d", "-m", "0755", place])
        let token = try call("kubectl", "create", "token", "kubectl-egress-agent", "-n", "kubectl-egress")
        try token.trimmingCharacters(in: .whitespacesAndNewlines).write(toFile: place + "/token", atomically: true, encoding: .utf8)
        try "kubectl-egress".write(toFile: place + "/namespace", atomically: true, encoding: .utf8)
        try Command.run(["cp", folder + "/api/ca.crt", place + "/ca.crt"])
        try Command.run(["sh", "-c", "chown 0:65532 \(place)/* && chmod 0440 \(place)/*"])
    }

    func pod(_ node: String) -> String { "\(folder)/\(node)/pod" }

    func socket(_ node: String) -> String { "\(pod(node))/volumes/helper/helper.sock" }

    /// Starts both containers of a node, or one of them.
    func start(_ node: String, _ containers: [String] = ["helper", "agent"], change: Change = Change()) throws {
        var settings: [String: Any] = [
            "id": "\(id)-\(node)", "node": node, "netns": "egt-\(id)-\(node)", "root": try Image.bundle() + "/rootfs",
            "hostPaths": ["/sys/fs/bpf": "\(folder)/\(node)/bpf", "/var/lib/kubectl-egress": "\(folder)/\(node)/state"],
            "seccomp": try change.seccomp ?? Self.containerdProfile.get(), "dropped": change.dropped,
        ]
        switch store {
        case .api:
            settings["api"] = ["192.0.2.1", 6443] as [Any]
            settings["credentials"] = folder + "/credentials"
        case .folder:
            settings["binds"] = ["agent": ["/host/cluster": folder + "/cluster"]]
            settings["arguments"] = ["agent": ["--snapshot=/host/cluster"], "helper": change.helperArguments]
        }
        try JSONSerialization.data(withJSONObject: settings).write(to: URL(fileURLWithPath: pod(node) + "/settings.json"))
        for container in containers { try run("start", node, manifest, container) }
    }

    func startAll() throws {
        for node in Self.nodes { try start(node) }
    }

    /// As a kubelet ends a container: SIGTERM, and SIGKILL when the grace period is over.
    func stop(_ node: String, _ container: String) throws { try run("stop", node, container) }

    /// What a probe of this container says.
    func probe(_ node: String, _ container: String, _ command: [String]) throws -> CommandOutcome {
        try Command.outcome([Self.runner, "exec", pod(node), container] + command)
    }

    func log(_ node: String, _ container: String) -> String { FileText.read("\(pod(node))/\(container).log") ?? "" }

    /// `/proc/PID` of a container's program, as the host sees it.
    func process(_ node: String, _ container: String) throws -> String {
        guard let pid = FileText.read("\(pod(node))/\(container).pid") else { throw TestKitError("\(container) of \(node) doesn't run") }
        return "/proc/\(pid)"
    }

    @discardableResult
    func exec(_ name: String, _ command: String...) throws -> String {
        try Command.run(["ip", "netns", "exec", "egt-\(id)-\(name)"] + command)
    }

    func begin(_ name: String, _ command: String...) throws -> RunningCommand {
        try Command.start(["ip", "netns", "exec", "egt-\(id)-\(name)"] + command)
    }

    /// As a user would, with the image's own program.
    func apply(_ policy: String, wait: Bool = true) throws {
        let file = "\(folder)/policy.yaml"
        try policy.write(toFile: file, atomically: true, encoding: .utf8)
        let program = try Image.bundle() + "/rootfs/usr/bin/kubectl-egress"
        switch store {
        case .api:
            try exec(
                "underlay", program, "apply", "--kubeconfig", folder + "/api/kubeconfig", "-f", file, "--timeout=30s", "--wait=\(wait)")
        case .folder: try Command.run([program, "apply", "--snapshot", folder + "/cluster", "-f", file, "--timeout=30s", "--wait=\(wait)"])
        }
    }

    /// The address that nginx's log shows for one new request.
    func seen(_ pod: String) throws -> String? {
        let tag = UUID().uuidString
        _ = try? call("get", pod, tag)
        return try accessLog().first { $0.contains("/\(tag) ") }.map { String($0.prefix { $0 != " " }) }
    }

    func accessLog() throws -> [String] { try call("log").split(separator: "\n").map(String.init) }

    /// Lines of the helper's socket that came within some seconds of a request.
    func ask(_ node: String, _ request: String, seconds: Int = 2) throws -> String {
        try Command.outcome(["socat", "-t\(seconds)", "-", "UNIX-CONNECT:\(socket(node))"], input: request + "\n").output
    }

    func eventually(_ what: String, seconds: Double = 10, _ condition: () throws -> Bool) throws {
        for _ in 0..<Int(seconds * 10) {
            if try condition() { return }
            usleep(100_000)
        }
        throw TestKitError("after \(seconds) s still not: \(what)")
    }

    private static let runner = Programs.top + "/Tests/Lab/daemonset-pod"
    private static let containerdProfile = Result {
        let path = try Command.run([Programs.top + "/Tests/Lab/fetch-tool", "containerd-profile"])
        return String(path.prefix { $0 != "\n" })
    }

    @discardableResult
    func call(_ verb: String, _ arguments: String...) throws -> String {
        try Command.run([Programs.top + "/Tests/Lab/lab", verb, id] + arguments)
    }

    @discardableResult
    private func run(_ verb: String, _ node: String, _ arguments: String...) throws -> String {
        try Command.run([Self.runner, verb, pod(node)] + arguments)
    }

    private func remove() {
        for node in Self.nodes {
            _ = try? run("delete", node)
            _ = try? Command.run(["umount", "--lazy", "\(folder)/\(node)/bpf"])
        }
        _ = try? call("down")
    }

    private func logs() -> String {
        Self.nodes.flatMap { node in ["helper", "agent"].map { "-- \(node) \($0)\n\(log(node, $0).suffix(2000))" } }.joined(separator: "\n")
    }
}

/// The policy of the example, in the lab's addresses.
func samplePolicy(source: String = "egressIP: \(ContainerLab.egressIP)", annotations: String = "") -> String {
    """
    apiVersion: cilium.io/v2
    kind: CiliumEgressGatewayPolicy
    metadata:
      name: egress-sample
      annotations: {\(annotations)}
    spec:
      selectors:
      - podSelector:
          matchLabels: {org: empire, class: mediabot}
      destinationCIDRs: ["0.0.0.0/0"]
      egressGateway:
        nodeSelector:
          matchLabels: {node.kubernetes.io/name: node-2}
        \(source)
    """
}
