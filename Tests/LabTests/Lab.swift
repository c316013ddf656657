import Foundation
import TestKit

/// One lab of its own for one test: `Tests/Lab/lab` with a random ID, always taken down.
struct Lab {
    let id: String
    let environment: [String: String]
    /// Whether the cluster is a real API server rather than a folder.
    let isOnAPI: Bool

    /// The top of the checkout, found from this file.
    static let top = URL(fileURLWithPath: Programs.top)
    static let script = top.appendingPathComponent("Tests/Lab/lab").path

    /// Where the programs under test were built.
    static let products = URL(fileURLWithPath: Programs.folder)

    static let egressIP = "198.51.100.100"
    static let secondEgressIP = "198.51.100.200"
    static let egressIP6 = "2001:db8:100::100"
    static let secondEgressIP6 = "2001:db8:100::200"
    static let outside = "203.0.113.10"
    static let outside6 = "2001:db8:113::10"

    /// Brings the lab up with helper and agent on every node, runs the body, and takes everything down.
    static func with(
        attach: String = "auto", start: Bool = true, onAPI: Bool = false, plugins: String? = nil, options: [String] = [],
        helper: [String: String] = [:], _ body: (Lab) async throws -> Void
    ) async throws {
        let id = "t" + String(UInt32.random(in: 0..<(1 << 28)), radix: 36)
        var environment = ["EGRESS_BIN": Lab.products.path, "EGRESS_ATTACH": attach]
        environment["EGRESS_PLUGINS"] = plugins
        environment.merge(helper) { _, own in own }
        let lab = Lab(id: id, environment: environment, isOnAPI: onAPI)
        do {
            try lab.run("up", (onAPI ? ["--api"] : []) + options).check("lab up")
            if start { try lab.call("start") }
            try await body(lab)
        } catch {
            let logs = lab.logs()
            _ = try? lab.call("down")
            throw TestKitError("\(error)\n\(logs)")
        }
        try lab.call("down")
    }

    var path: URL { URL(fileURLWithPath: "/run/egress-lab/\(id)") }
    var cluster: URL { path.appendingPathComponent("cluster") }

    @discardableResult
    func call(_ verb: String, _ arguments: String...) throws -> String {
        try run(verb, arguments).check("lab \(verb) \(arguments.joined(separator: " "))")
    }

    func run(_ verb: String, _ arguments: [String]) throws -> CommandOutcome {
        try Command.outcome([Self.script, verb, id] + arguments, environment: environment)
    }

    /// The same lab, whose programs are started from copies in another folder, as an upgrade does it.
    func otherPrograms() throws -> Lab {
        let folder = path.appendingPathComponent("other-programs")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for name in ["egress-helper", "kubectl-egress"] {
            let copy = folder.appendingPathComponent(name)
            if !FileManager.default.fileExists(atPath: copy.path) {
                try FileManager.default.copyItem(at: Lab.products.appendingPathComponent(name), to: copy)
            }
        }
        return Lab(id: id, environment: environment.merging(["EGRESS_BIN": folder.path]) { _, new in new }, isOnAPI: isOnAPI)
    }

    /// Runs a command in the namespace of a node, a pod, `underlay` or `outside`.
    func exec(_ name: String, _ command: String...) throws -> CommandOutcome {
        try run("exec", [name] + command)
    }

    /// Starts a command there that goes on beside the test.
    func start(_ name: String, _ command: String...) throws -> RunningCommand {
        try Command.start(["ip", "netns", "exec", "egt-\(id)-\(name)"] + command)
    }

    /// `kubectl egress …` on the lab's cluster, as its user would type it.
    func egress(_ arguments: String...) throws -> CommandOutcome {
        if isOnAPI { return try run("kubectl", ["egress"] + arguments) }
        return try Command.outcome(
            [Lab.products.appendingPathComponent("kubectl-egress").path] + arguments, environment: ["KUBECTL_EGRESS_SNAPSHOT": cluster.path]
        )
    }

    /// `kubectl …` as the cluster's admin, on a lab with an API server; throws when it fails.
    @discardableResult
    func kubectl(_ arguments: String...) throws -> String {
        try run("kubectl", arguments).check("kubectl \(arguments.joined(separator: " "))")
    }

    /// Asks `kubectl egress status` until it says the words, for at most ten seconds; returns what it said last.
    func eventualStatus(_ words: String, is wanted: Bool = true) async throws -> String {
        try await eventually(words, is: wanted) { try egress("status").output }
    }

    /// Asks again until the answer has the words, for a time; returns the last answer.
    func eventually(_ words: String, is wanted: Bool = true, within seconds: Int = 10, _ ask: () throws -> String) async throws -> String {
        var last = try ask()
        for _ in 0..<(4 * seconds) where last.contains(words) != wanted {
            try await Task.sleep(for: .milliseconds(200))
            last = try ask()
        }
        return last
    }

    /// Applies a policy's text and waits until the nodes concerned report it.
    @discardableResult
    func apply(_ manifest: String, wait: Bool = true) throws -> CommandOutcome {
        let file = path.appendingPathComponent("policy-\(UUID().uuidString).yaml")
        try Data(manifest.utf8).write(to: file)
        let outcome = try egress("apply", "-f", file.path, "--wait=\(wait)", "--timeout=20s")
        guard outcome.succeeded else { throw TestKitError("apply: \(outcome.errors)\(outcome.output)") }
        return outcome
    }

    /// The address that nginx saw for one new request of the pod; `nil` when no answer came.
    func seen(_ pod: String, server: String = outside, timeout: Double = 5) throws -> String? {
        let tag = UUID().uuidString
        _ = try run("exec", [pod, "curl", "-sS", "--max-time", String(timeout), "http://\(server)/\(tag)"])
        return try accessLog().first { $0.contains("/\(tag) ") }.map { String($0.prefix { $0 != " " }) }
    }

    /// Asks again until nginx sees the address, for a time; returns what it saw last.
    func eventuallySeen(
        _ pod: String, server: String = outside, as address: String?, within seconds: Int = 5
    ) async throws -> String? {
        var last = try seen(pod, server: server, timeout: 1)
        for _ in 0..<(5 * seconds) where last != address {
            try await Task.sleep(for: .milliseconds(200))
            last = try seen(pod, server: server, timeout: 1)
        }
        return last
    }

    func accessLog() throws -> [String] {
        try call("log").split(separator: "\n").map(String.init)
    }

    /// What a node's helper answers to a reading method, one line of JSON.
    func ask(_ method: String, node: String) throws -> String {
        let socket = path.appendingPathComponent("\(node)/helper.sock").path
        let request = #"{"v":1,"id":1,"method":"\#(method)","params":{}}"# + "\n"
        let answer = try Command.outcome(["socat", "-t2", "-", "UNIX-CONNECT:\(socket)"], input: request)
        return answer.output.split(separator: "\n").last.map(String.init) ?? ""
    }

    /// Drops and traffic of one node by counter name, as its helper counts them.
    func counter(_ name: String, node: String) throws -> Int {
        let socket = path.appendingPathComponent("\(node)/helper.sock").path
        let request = #"{"v":1,"id":1,"method":"counters.get","params":{}}"# + "\n"
        let answer = try Command.outcome(["socat", "-t2", "-", "UNIX-CONNECT:\(socket)"], input: request)
        let jq = try Command.outcome(
            ["jq", "-r", "select(.id == 1).result.counters[] | select(.name == \"\(name)\").packets"], input: answer.output)
        return Int(jq.output.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
    }

    private func logs() -> String {
        ["node-1", "node-2", "node-3"].flatMap { node in ["helper", "agent"].map { "\(node)/\($0).log" } }.compactMap { name in
            guard let text = try? String(contentsOf: path.appendingPathComponent(name), encoding: .utf8), !text.isEmpty else { return nil }
            return "-- \(name)\n" + text.split(separator: "\n").suffix(15).joined(separator: "\n")
        }.joined(separator: "\n")
    }
}

extension CommandOutcome {
    /// What it wrote to stdout; throws with everything it said when it failed.
    @discardableResult
    fileprivate func check(_ name: String) throws -> String {
        guard succeeded else { throw TestKitError("\(name): \(errors)\(output)") }
        return output
    }
}

/// The policy of the Cilium example, in the lab's addresses.
func samplePolicy(
    name: String = "egress-sample", gateway: String = "node-2", gatewayLabel: String? = nil, source: String = "egressIP: \(Lab.egressIP)",
    annotations: String = "",
    destinations: String = #"["0.0.0.0/0"]"#, excluded: String = "[]"
) -> String {
    """
    apiVersion: cilium.io/v2
    kind: CiliumEgressGatewayPolicy
    metadata:
      name: \(name)
      annotations: {\(annotations)}
    spec:
      selectors:
      - podSelector:
          matchLabels:
            org: empire
            class: mediabot
      destinationCIDRs: \(destinations)
      excludedCIDRs: \(excluded)
      egressGateway:
        nodeSelector:
          matchLabels:
            \(gatewayLabel ?? "node.kubernetes.io/name: \(gateway)")
        \(source)
    """
}
