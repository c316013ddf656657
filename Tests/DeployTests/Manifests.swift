import Foundation
import TestKit

/// Objects of manifests as canonical JSON, by `KIND NAMESPACE/NAME`.
struct Manifests: Equatable {
    var objects: [String: String]

    static let folder = Programs.top + "/deploy"

    /// What `kubectl kustomize` makes of a folder.
    static func kustomize(_ path: String) throws -> String {
        try Command.run([Programs.kubectl, "kustomize", path.hasPrefix("/") ? path : "\(folder)/\(path)"])
    }

    /// Reads YAML with a reader that isn't ours.
    init(yaml: String) throws {
        let script = """
            import json, sys, yaml
            for o in yaml.safe_load_all(sys.stdin):
                if o:
                    m = o["metadata"]
                    print(o["kind"], m.get("namespace", "") + "/" + m["name"], json.dumps(o, sort_keys=True), sep="\\t")
            """
        let lines = try Command.run(["/usr/bin/python3", "-c", script], input: yaml).split(separator: "\n")
        objects = Dictionary(
            lines.map { line in
                let parts = line.split(separator: "\t", maxSplits: 2).map(String.init)
                return ("\(parts[0]) \(parts[1])", parts[2])
            }, uniquingKeysWith: { first, _ in first + " twice" })
    }

    /// A folder that is a kustomization of these resources and components of `deploy/`; removed by the caller.
    static func overlay(resources: [String], components: [String]) throws -> String {
        let path = NSTemporaryDirectory() + "egt-overlay-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        // kustomize takes relative paths only.
        let up = String(repeating: "../", count: path.split(separator: "/").count)
        let list = { (names: [String]) in names.map { "\n- \(up)\(folder.dropFirst())/\($0)" }.joined() }
        let text = """
            apiVersion: kustomize.config.k8s.io/v1beta1
            kind: Kustomization
            resources:\(list(resources))
            components:\(list(components))

            """
        try text.write(toFile: path + "/kustomization.yaml", atomically: true, encoding: .utf8)
        return path
    }
}

/// What a test reads of the DaemonSet.
struct DaemonSet: Decodable {
    struct Spec: Decodable { var template: Template }
    struct Template: Decodable { var spec: PodSpec }
    struct PodSpec: Decodable {
        var automountServiceAccountToken: Bool
        var hostNetwork: Bool
        var hostPID: Bool?
        var hostIPC: Bool?
        var containers: [Container]
        var volumes: [Volume]
    }
    struct Container: Decodable {
        var name: String
        var securityContext: SecurityContext
        var volumeMounts: [Mount]
        var ports: [[String: Int]]?
        var readinessProbe: Probe?
        var livenessProbe: Probe?
    }
    struct SecurityContext: Decodable {
        struct Capabilities: Decodable {
            var drop: [String]
            var add: [String]?
        }
        var runAsUser: Int
        var runAsNonRoot: Bool
        var privileged: Bool?
        var allowPrivilegeEscalation: Bool
        var readOnlyRootFilesystem: Bool
        var capabilities: Capabilities
    }
    struct Mount: Decodable {
        var name: String
        var mountPath: String
        var readOnly: Bool?
    }
    struct Volume: Decodable {
        struct HostPath: Decodable { var path: String }
        var name: String
        var hostPath: HostPath?
    }
    struct Probe: Decodable {
        struct Exec: Decodable { var command: [String] }
        var exec: Exec
    }
    var spec: Spec

    /// As `deploy/base` has it.
    static func base() throws -> DaemonSet {
        let manifests = try Manifests(yaml: Manifests.kustomize("base"))
        guard let text = manifests.objects["DaemonSet kubectl-egress/kubectl-egress"] else { throw TestKitError("no DaemonSet") }
        return try JSONDecoder().decode(DaemonSet.self, from: Data(text.utf8))
    }

    func container(_ name: String) throws -> Container {
        guard let container = spec.template.spec.containers.first(where: { $0.name == name }) else {
            throw TestKitError("no container \(name)")
        }
        return container
    }
}
