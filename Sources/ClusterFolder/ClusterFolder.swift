public import EgressModel
public import EgressPorts
import Glibc
import JSONText
import KubeObjects
import Synchronization

/// A folder of manifests as a small cluster: read, watched, and written into. A single file, or `-` for standard input,
/// can be read only.
///
/// Writers take a lock on `.kubectl-egress/lock`, and every file changes by rename, so readers need none.
public final class ClusterFolder: ClusterReading, ClusterWriting, TunnelSecretReading {
    public let source: String
    public let currentNamespace: String? = nil
    private let files: ManifestFiles
    private let isStandardInput: Bool
    /// What standard input held: it can be read only once.
    private let input = Mutex<[UInt8]?>(nil)

    public init(path: String) {
        isStandardInput = path == "-"
        source = isStandardInput ? "standard input" : path
        var root = path
        while root.count > 1, root.hasSuffix("/") { root.removeLast() }
        files = ManifestFiles(root: root)
    }

    /// A file that can't be read or parsed is a finding, and the snapshot then incomplete. Throws ``ClusterError`` when
    /// the path itself can't be read.
    public func snapshot() async throws -> ClusterSnapshot {
        if isStandardInput { return ManifestFiles.snapshot(of: try standardInput(), file: Self.inputName) }
        return try withHint { try files.snapshot() }
    }

    /// The documents as they are there.
    func reading() throws -> KubeReading {
        if isStandardInput { return ManifestFiles.reading(of: try standardInput(), file: Self.inputName, format: .automatic) }
        return try withHint { try files.read() }
    }

    private static let inputName = "stdin"

    private func withHint<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as SystemError {
            throw error.asClusterError(hint: error.code == ENOENT ? "--snapshot names a folder or file of manifests" : nil)
        }
    }

    private func standardInput() throws -> [UInt8] {
        try input.withLock { cached in
            if let cached { return cached }
            let bytes = try readAll(STDIN_FILENO, path: source, limit: ManifestFiles.byteLimit)
            cached = bytes
            return bytes
        }
    }

    public func changes() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        if isStandardInput {
            continuation.yield()
            continuation.finish()
            return stream
        }
        let watch = FolderWatch(files) { continuation.yield() }
        continuation.onTermination = { _ in watch.end() }
        watch.start()
        return stream
    }

    /// Throws ``ClusterError``, with findings when a manifest is invalid; then nothing was written.
    public func apply(_ manifests: [Manifest], _ options: ApplyOptions) async throws -> [AppliedObject] {
        if options.isDryRun {
            throw ClusterError("a server's dry run needs an API server, and \(source) is none", hint: "use --dry-run=client")
        }
        let documents = try Self.validated(manifests)
        return try await locked { [files] in
            var store = try FolderStore(files)
            for document in documents { try store.checkWritable(document) }
            return try documents.map { try store.apply($0) }
        }
    }

    /// A folder's files are a user's own to delete.
    public func delete(_ objects: [Manifest]) async throws -> [ObjectReference] {
        throw ClusterError("objects in a folder aren't deleted by command", hint: "remove their manifests from \(source)")
    }

    /// Writes `egressnode.NAME.yaml`, only when it changes. Each node has one agent, so this needs no lock.
    public func report(_ node: EgressNode) async throws {
        try requireFolder()
        let reference = ObjectReference(kind: "EgressNode", name: node.name)
        let path = "\(files.root)/\(FolderFileName.stem(for: reference)).yaml"
        let text = node.manifest.yamlText
        do {
            let old = try? withFile(path, O_RDONLY) { try readAll($0, path: path, limit: ManifestFiles.byteLimit) }
            if let old, old.elementsEqual(text.utf8) { return }
            try AtomicFile.write(text, to: path)
        } catch let error as SystemError {
            throw error.asClusterError()
        }
    }

    public func tunnelTokens() async throws -> [[UInt8]] {
        try requireFolder()
        do {
            return try TunnelTokenFile(in: PrivateFolder(in: files.root)).tokens()
        } catch let error as SystemError {
            throw error.asClusterError()
        }
    }

    func addressLocks() throws -> AddressLockFiles {
        try requireFolder()
        return try AddressLockFiles(in: PrivateFolder(in: files.root))
    }

    private func requireFolder() throws {
        guard !isStandardInput, files.isFolder else {
            throw ClusterError("\(source) can't be written into", hint: "name a folder of manifests by --snapshot")
        }
    }

    private func locked<Result: Sendable>(_ body: () throws -> Result) async throws -> Result {
        try requireFolder()
        do {
            return try await PrivateFolder(in: files.root).locked(body)
        } catch let error as SystemError {
            throw error.asClusterError()
        }
    }

    private static func validated(_ manifests: [Manifest]) throws -> [KubeDocument] {
        var documents: [KubeDocument] = []
        var findings: [Finding] = []
        for manifest in manifests {
            let reading = KubeReading(manifest.json, file: manifest.place?.file ?? "manifest", format: .json)
            documents += reading.documents
            let found = reading.findings + reading.documents.flatMap { $0.decoded().findings }
            findings += found.filter { $0.severity == .error }.map { finding in
                var finding = finding
                // The place inside of canonical JSON would mislead.
                finding.place = manifest.place
                return finding
            }
        }
        var seen: Set<KubeDocument.Identity> = []
        for document in documents where !seen.insert(document.identity).inserted {
            findings.append(
                Finding(.error, .duplicateObject, object: document.reference, message: "is given twice", hint: "remove one of them"))
        }
        guard findings.isEmpty else {
            throw ClusterError(
                "\(findings.count == 1 ? "a manifest is" : "manifests are") invalid, nothing was changed", findings: findings.sorted())
        }
        return documents
    }
}
