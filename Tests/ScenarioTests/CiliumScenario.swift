import EgressModel
import EgressPolicy
import Glibc
import KubeObjects
import TestKit

/// A case of `Tests/Scenarios/cilium`: manifests, and what Cilium and we make of them.
struct CiliumScenario: Sendable, CustomStringConvertible {
    static let folder = Scenario.folder + "/cilium"

    let group: String
    let name: String
    /// Releases to ask, and nodes to look from: `# as:` and `# on:` in the case's head.
    let versions: [CiliumVersion]
    let nodes: [String]
    /// `# ask: NAMESPACE/POD ADDRESS`: explained in a sentence.
    let asks: [String]
    let snapshot: ClusterSnapshot

    var description: String { "\(group)/\(name)" }
    var golden: String { "\(Self.folder)/\(group)/\(name).txt" }

    static func all() throws -> [CiliumScenario] {
        try names(in: folder).filter { !$0.contains(".") }.flatMap { group in
            try names(in: "\(folder)/\(group)").filter { $0.hasSuffix(".yaml") && $0 != "cluster.yaml" }.map {
                try CiliumScenario(group: group, name: String($0.dropLast(5)))
            }
        }
    }

    static func names(in folder: String) throws -> [String] {
        guard let directory = opendir(folder) else { throw TestKitError("\(folder) can't be read") }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    private init(group: String, name: String) throws {
        let path = "\(Self.folder)/\(group)"
        guard let cluster = FileText.read("\(path)/cluster.yaml"), let text = FileText.read("\(path)/\(name).yaml") else {
            throw TestKitError("\(path) lacks cluster.yaml or \(name).yaml")
        }
        let words = { (key: String) in
            text.split(separator: "\n").filter { $0.hasPrefix("# \(key): ") }.map { String($0.dropFirst(key.count + 4)) }
        }
        self.group = group
        self.name = name
        versions = (words("as").first ?? "1.20").split(separator: " ").compactMap { CiliumVersion(String($0)) }
        nodes = (words("on").first ?? "k8s1").split(separator: " ").map(String.init)
        asks = words("ask")
        var reading = KubeReading(cluster, file: "cluster.yaml")
        reading.append(KubeReading(text, file: "\(name).yaml"))
        snapshot = Self.announced(clusterSnapshot(from: reading))
        guard !versions.isEmpty, nodes.allSatisfy({ node in snapshot.nodes.contains { $0.name == node } }) else {
            throw TestKitError("\(path)/\(name).yaml: asks a release or a node that isn't known")
        }
    }

    /// With what the agents of its nodes announce as gateways.
    private static func announced(_ snapshot: ClusterSnapshot) -> ClusterSnapshot {
        var announced = snapshot
        for index in announced.egressNodes.indices {
            let answer = resolveEntries(node: snapshot.egressNodes[index].name, in: snapshot)
            announced.egressNodes[index].resolutions = answer.resolutions
            announced.egressNodes[index].lastEntryID = answer.lastEntryID
        }
        return announced
    }
}
