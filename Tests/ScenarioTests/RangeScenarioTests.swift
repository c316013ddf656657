import EgressModel
import EgressPolicy
import Glibc
import KubeObjects
import TestKit
import Testing

/// What kubeadm, flannel, Calico and Cilium leave in a cluster, and which addresses are then its own.
@Suite struct RangeScenarioTests {
    static let folder = String(Scenario.folder.dropLast("Scenarios".count)) + "Ranges"
    static let names = ["calico", "cilium-cluster-pool", "cilium-kubernetes-ipam", "flannel", "kubeadm-dual-stack", "nobody-says"]

    private static let policy = """
        apiVersion: cilium.io/v2
        kind: CiliumEgressGatewayPolicy
        metadata: {name: everything}
        spec:
          selectors: [{podSelector: {}}]
          destinationCIDRs: ["0.0.0.0/0", "::/0"]
          egressGateway: {nodeSelector: {}}
        """

    /// `# key: word word` lines of the file's head.
    private func words(_ key: String, _ text: String) -> [String]? {
        let line = text.split(separator: "\n").first { $0.hasPrefix("# \(key):") }
        return line.map { $0.dropFirst(key.count + 3).split(separator: " ").map(String.init) }
    }

    @Test(arguments: names) func `ranges are found where each network has them`(name: String) throws {
        let text = try #require(FileText.read("\(Self.folder)/\(name).yaml"))
        var reading = KubeReading(text, file: name)
        reading.append(KubeReading(Self.policy, file: "policy.yaml"))
        let snapshot = clusterSnapshot(from: reading)
        #expect(snapshot.findings == [])
        let found = { (use: DiscoveredRange.Use) in Set(snapshot.ranges.filter { $0.use == use }.map(\.prefix)) }
        let pods = found(.pods).union(snapshot.nodes.flatMap(\.podCIDRs))
        #expect(pods.sorted().map(\.description) == words("pods", text))
        #expect(found(.services).sorted().map(\.description) == words("services", text))
        let effective = resolve(snapshot)
        for address in try #require(words("inside", text)) {
            #expect(effective.clusterRange(holding: try #require(IPAddress(address))) != nil, "\(address)")
        }
        for address in try #require(words("outside", text)) {
            #expect(effective.clusterRange(holding: try #require(IPAddress(address))) == nil, "\(address)")
        }
        let unknown = effective.findings.filter { $0.code == .rangesUnknown }.map { "\($0.severity) \($0.code)" }
        #expect(unknown == (words("code", text).map { [$0.joined(separator: " ")] } ?? []))
    }

    @Test func `every file of the folder is asked`() throws {
        let directory = try #require(opendir(Self.folder))
        defer { closedir(directory) }
        var names: Set<String> = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            if name.hasSuffix(".yaml") { names.insert(String(name.dropLast(5))) }
        }
        #expect(names == Set(Self.names))
    }
}
