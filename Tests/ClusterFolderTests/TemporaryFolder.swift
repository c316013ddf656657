import ClusterFolder
import EgressModel
import EgressPorts
import Glibc
import JSONText
import KubeObjects

/// A folder of its own for one test, removed with the value.
final class TemporaryFolder: Sendable {
    let path: String

    init() {
        path = "/tmp/egt-folder-\(getpid())-\(UInt32.random(in: .min ... .max))"
        mkdir(path, 0o755)
    }

    deinit { Self.remove(path) }

    func write(_ text: String, _ name: String) { write(Array(text.utf8), name) }

    func write(_ bytes: [UInt8], _ name: String) {
        let file = open("\(path)/\(name)", O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        _ = Glibc.write(file, bytes, bytes.count)
        close(file)
    }

    func read(_ name: String) -> String? {
        let file = open("\(path)/\(name)", O_RDONLY)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        let count = Glibc.read(file, &buffer, buffer.count)
        return String(decoding: buffer[..<max(count, 0)], as: UTF8.self)
    }

    func makeFolder(_ name: String) { mkdir("\(path)/\(name)", 0o755) }

    /// Names without those that begin with a dot, sorted.
    var names: [String] { Self.entries(path).filter { !$0.hasPrefix(".") }.sorted() }
    var allNames: [String] { Self.entries(path).sorted() }

    func status(_ name: String) -> stat {
        var status = stat()
        stat("\(path)/\(name)", &status)
        return status
    }

    private static func entries(_ path: String) -> [String] {
        guard let stream = opendir(path) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            names.append(withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
        }
        return names.filter { $0 != "." && $0 != ".." }
    }

    private static func remove(_ path: String) {
        for name in entries(path) {
            if unlink("\(path)/\(name)") != 0 { remove("\(path)/\(name)") }
        }
        rmdir(path)
    }
}

func policyText(_ name: String, destination: String = "0.0.0.0/0", annotations: String = "{}", labels: String = "{}") -> String {
    """
    apiVersion: cilium.io/v2
    kind: CiliumEgressGatewayPolicy
    metadata: {name: \(name), annotations: \(annotations), labels: \(labels)}
    spec:
      selectors: [{podSelector: {}}]
      destinationCIDRs: ["\(destination)"]
      egressGateway: {nodeSelector: {}}

    """
}

/// Manifests as a command makes them of a file.
func manifests(_ text: String, file: String = "given.yaml") -> [Manifest] {
    KubeReading(text, file: file).documents.map {
        Manifest(object: $0.reference, apiVersion: $0.apiVersion, json: $0.json.text(), place: $0.place)
    }
}
