import CEgressManifests
import ClusterFolder
import EgressCommands
import Glibc
import HelperSocket
import KubeAPI

// A reader of our output that goes away is an error of write(2), not the end without a word.
signal(SIGPIPE, SIG_IGN)

let environment = CommandEnvironment.ofProcess(
    CommandAdapters(
        openFolder: { ClusterFolder(path: $0) },
        openAPI: { access, scope, log, warn in try APICluster.open(access, scope: scope, log: log, warn: warn) },
        kubeconfigNames: { kubeconfigNames($0) },
        openHelper: { try await HelperClient.connect(path: $0) }, manifests: embeddedManifests()))

exit(await EgressProgram.run(CommandLine.arguments, in: environment))

/// The files of deploy/ that are part of this program.
func embeddedManifests() -> [EmbeddedManifest] {
    var count = 0
    guard let first = egress_manifests(&count) else { return [] }
    return UnsafeBufferPointer(start: first, count: count).map { manifest in
        let text = manifest.text.map { String(decoding: UnsafeBufferPointer(start: $0, count: manifest.size), as: UTF8.self) }
        return EmbeddedManifest(name: manifest.name.map { String(cString: $0) } ?? "", text: text ?? "")
    }
}
