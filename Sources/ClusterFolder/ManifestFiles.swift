import EgressModel
import EgressPorts
import Glibc
import JSONText
import KubeObjects

/// The files of a folder that hold manifests, and how each is read.
struct ManifestFiles {
    static let fileLimit = 20_000
    static let byteLimit = 256 << 20
    static let depthLimit = 16

    /// A folder or one file.
    let root: String

    var isFolder: Bool {
        var status = stat()
        return stat(root, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Every file with a manifest's ending, sorted by path; names that begin with a dot are left out, as are folders that
    /// are links.
    func list() throws -> [String] {
        guard isFolder else {
            try SystemCall.check("can't read \(root)") { access(root, R_OK) }
            return [root]
        }
        var files: [String] = []
        try visitFolders { folder, names in
            files += names.filter { Self.holdsManifests($0) }.map { folder + "/" + $0 }
            guard files.count <= Self.fileLimit else {
                throw ClusterError("\(root) has more than \(Self.fileLimit) files", hint: "name a folder that holds manifests only")
            }
        }
        return files.sorted()
    }

    static func holdsManifests(_ name: String) -> Bool { !name.hasPrefix(".") && KubeReading.Format(fileName: name) != nil }

    /// Calls for the root and for each folder under it, with the names in it.
    func visitFolders(_ visit: (_ folder: String, _ names: [String]) throws -> Void) throws {
        var pending = [(root, 0)]
        while let (folder, depth) = pending.popLast() {
            guard let names = try names(in: folder, isRoot: depth == 0) else { continue }
            try visit(folder, names)
            guard depth < Self.depthLimit else { continue }
            pending += names.filter { !$0.hasPrefix(".") && isPlainFolder(folder + "/" + $0) }.map { (folder + "/" + $0, depth + 1) }
        }
    }

    /// `nil` for a folder that went away in the meantime.
    private func names(in folder: String, isRoot: Bool) throws -> [String]? {
        guard let stream = opendir(folder) else {
            if errno == ENOENT, !isRoot { return nil }
            throw SystemError(code: errno, what: "can't read the folder \(folder)").asClusterError()
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    private func isPlainFolder(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Everything that the files hold; a file that can't be read is a finding, and the reading incomplete.
    func read() throws -> KubeReading {
        var reading = KubeReading("", file: root)
        for file in try list() { reading.append(Self.read(file)) }
        return reading
    }

    /// The cluster that the files describe, without the documents in between where that can be.
    func snapshot() throws -> ClusterSnapshot {
        var reader = SnapshotReader()
        for file in try list() {
            switch Self.bytes(of: file) {
            case .success(let bytes): Self.read(bytes, file: file, into: &reader)
            case .failure(let failure): reader.read(failure.reading)
            }
        }
        return try reader.snapshot ?? clusterSnapshot(from: read())
    }

    static func snapshot(of bytes: [UInt8], file: String) -> ClusterSnapshot {
        var reader = SnapshotReader()
        read(bytes, file: file, into: &reader)
        return reader.snapshot ?? clusterSnapshot(from: reading(of: bytes, file: file, format: .automatic))
    }

    static func read(_ path: String) -> KubeReading {
        switch bytes(of: path) {
        case .success(let bytes): reading(of: bytes, file: path, format: format(of: path))
        case .failure(let failure): failure.reading
        }
    }

    private static func format(of path: String) -> KubeReading.Format { KubeReading.Format(fileName: path) ?? .automatic }

    /// A file that holds nothing to read; what that means is in the reading.
    private struct Unread: Error {
        let reading: KubeReading
    }

    private static func bytes(of path: String) -> Result<[UInt8], Unread> {
        var reading = KubeReading("", file: path)
        do {
            return .success(try withFile(path, O_RDONLY) { try readAll($0, path: path, limit: byteLimit) })
        } catch let error as SystemError where error.code == ENOENT {
            // Deleted since the folder was listed.
        } catch {
            reading.findings.append(Finding(.error, .sourceUnreadable, message: "\(error)"))
            reading.isComplete = false
        }
        return .failure(Unread(reading: reading))
    }

    private static func read(_ bytes: [UInt8], file: String, into reader: inout SnapshotReader) {
        bytes.withUnsafeBufferPointer { content in
            if !content.isEmpty, let text = UTF8Text(validating: content) {
                reader.read(text, file: file, format: format(of: file))
            } else {
                reader.read(reading(of: bytes, file: file, format: .automatic))
            }
        }
    }

    static func reading(of bytes: [UInt8], file: String, format: KubeReading.Format) -> KubeReading {
        let start = SourcePlace(file: file, line: 1, column: 1)
        var reading = KubeReading("", file: file)
        if bytes.isEmpty {
            // Many editors empty a file before they write it: taking that for "no objects" would remove rules.
            reading.fail("the file is empty; perhaps it is being written", at: start, hint: "remove it if it isn't needed")
            return reading
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            reading.fail("not text in UTF-8", at: start)
            return reading
        }
        return KubeReading(text, file: file, format: format)
    }
}
