import Dispatch
import EgressModel
import EgressPorts
import JSONText
import Logging
import Synchronization
import TestKit
import Testing

@testable import KubeAPI

/// A real API server with our definitions, and clients of it.
struct ClusterFixture: Sendable {
    let server: APIServer

    /// The server that most tests share: their objects have names of their own.
    static func shared() async throws -> ClusterFixture { try await sharedFixture.value }

    /// A server for one test, which may be killed. The caller stops it.
    static func own(definitions: Bool = true, flags: [String] = []) async throws -> ClusterFixture {
        try await ClusterFixture(server: offThread { try APIServer.start(flags: flags) }, definitions: definitions)
    }

    private static let sharedFixture = Task { try await ClusterFixture(server: offThread { try APIServer.shared() }, definitions: true) }

    private init(server: APIServer, definitions: Bool) async throws {
        self.server = server
        if definitions { try await define() }
        try await apply("{apiVersion: v1, kind: Namespace, metadata: {name: kubectl-egress}}")
    }

    /// Our definitions, served.
    func define() async throws {
        for name in ["ciliumegressgatewaypolicies", "egressnodes"] {
            guard let text = FileText.read("\(Programs.top)/deploy/crds/\(name).yaml") else {
                throw TestKitError("no deploy/crds/\(name).yaml")
            }
            try await apply(text)
        }
        try await kubectl("wait", "--for=condition=Established", "--timeout=30s", "crd", "--all")
        // What the conditions promise, the router does a moment later.
        for _ in 0..<100 where try await !outcome("get", "ciliumegressgatewaypolicies,egressnodes").succeeded {}
    }

    /// A server that was killed, back again. On a busy machine the old one's socket may outlive it for a moment.
    func resume() async throws {
        try await offThread { [server] in
            do { try server.resume() } catch { try server.resume() }
        }
    }

    /// YAML in flow style; without a first line of its own kubectl would take it for JSON.
    func apply(_ manifest: String) async throws { try await offThread { [server] in try server.apply("---\n" + manifest) } }

    func outcome(_ arguments: String..., input: String = "") async throws -> CommandOutcome {
        try await offThread { [server] in try server.kubectl(arguments, input: input) }
    }

    func kill() async throws { try await offThread { [server] in try server.kill(.apiserver) } }

    func compact() async throws { try await offThread { [server] in try server.compact() } }

    func serviceAccount(_ name: String, namespace: String) async throws -> String {
        try await offThread { [server] in try server.serviceAccount(name, namespace: namespace) }
    }

    @discardableResult
    func kubectl(_ arguments: String...) async throws -> String {
        let outcome = try await offThread { [server] in try server.kubectl(arguments) }
        guard outcome.succeeded else { throw TestKitError("kubectl \(arguments.joined(separator: " ")): \(outcome.errors)") }
        return outcome.output
    }

    /// - Parameter kubeconfig: whose credentials; the admin's when `nil`.
    func cluster(_ scope: ClusterScope = .cluster, as kubeconfig: String? = nil, namespace: String? = nil) throws -> APICluster {
        try APICluster.open(access(as: kubeconfig, namespace: namespace), scope: scope, log: quietLog, warn: { _ in })
    }

    func client(as kubeconfig: String? = nil) throws -> KubeClient {
        KubeClient(try APIConnection.resolve(access(as: kubeconfig)), log: quietLog, warn: { _ in })
    }

    func access(as kubeconfig: String? = nil, namespace: String? = nil) -> ClusterAccess {
        var access = ClusterAccess()
        access.kubeconfig = kubeconfig ?? server.kubeconfig
        access.namespace = namespace
        return access
    }

    /// A node as a kubelet would have registered it.
    func addNode(_ name: String, address: String = "192.0.2.11", taint: String? = nil) async throws {
        let taints = taint.map { ", taints: [{key: node.test/other, effect: NoSchedule}, {key: \($0), effect: NoSchedule}]" } ?? ""
        try await apply(
            "{apiVersion: v1, kind: Node, metadata: {name: \(name)}, spec: {podCIDRs: [10.244.1.0/24], podCIDR: 10.244.1.0/24\(taints)}}")
        try await kubectl(
            "patch", "node", name, "--subresource=status", "--type=merge", "-p",
            #"{"status":{"addresses":[{"type":"InternalIP","address":"\#(address)"}],"conditions":[{"type":"Ready","status":"True"}]}}"#)
    }

    /// A pod that runs on a node, as a kubelet would say.
    func addPod(_ name: String, on node: String, address: String, labels: String = "app: web", namespace: String = "default") async throws {
        try await apply(
            """
            {apiVersion: v1, kind: Pod, metadata: {name: \(name), namespace: \(namespace), labels: {\(labels)}, annotations: {note: text}},
             spec: {nodeName: \(node), containers: [{name: c, image: i, env: [{name: PASSWORD, value: hidden}]}]}}
            """)
        try await kubectl(
            "patch", "pod", name, "-n", namespace, "--subresource=status", "--type=merge", "-p",
            #"{"status":{"phase":"Running","podIP":"\#(address)","podIPs":[{"ip":"\#(address)"}]}}"#)
    }

    func addPolicy(_ name: String, address: String = "198.51.100.7", priority: Int = 0) async throws {
        try await apply(Self.policy(name, address: address, priority: priority))
    }

    static func policy(_ name: String, address: String = "198.51.100.7", priority: Int = 0) -> String {
        """
        {apiVersion: cilium.io/v2, kind: CiliumEgressGatewayPolicy,
         metadata: {name: \(name), annotations: {kubectl-egress.dev/priority: "\(priority)", note: text}},
         spec: {selectors: [{podSelector: {matchLabels: {app: web}}}], destinationCIDRs: [203.0.113.0/24],
                egressGateway: {nodeSelector: {matchLabels: {role: gateway}}, egressIP: \(address)}}}
        """
    }
}

let quietLog = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// Waits until something holds, for at most so many seconds.
func eventually(
    within seconds: Double = 15, _ what: Comment, at place: SourceLocation = #_sourceLocation, _ holds: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < end {
        if try await holds() { return }
        try await Task.sleep(for: .milliseconds(20))
    }
    #expect(try await holds(), what, sourceLocation: place)
}

/// Counts the changes that a cluster says.
final class ChangeCounter: Sendable {
    private let work: Task<Void, Never>

    init(_ changes: AsyncStream<Void>) {
        let counted = Counted()
        box = counted
        work = Task { for await _ in changes { counted.count.withLock { $0 += 1 } } }
    }

    private final class Counted: Sendable { let count = Mutex(0) }
    private let box: Counted

    var value: Int { box.count.withLock { $0 } }

    deinit { work.cancel() }
}

/// Programs are waited for on a thread of Dispatch's: Swift has as many as there are processors, and what is tested needs them.
func offThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(with: Result(catching: body)) }
    }
}
