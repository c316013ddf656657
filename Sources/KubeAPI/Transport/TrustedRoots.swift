import Glibc
import Synchronization

/// The certificates that sign the server's, read again when their file changes, as a rotated authority does.
final class TrustedRoots: Sendable {
    private let authority: APIConnection.Authority
    private let known = Mutex<Known?>(nil)

    private struct Known {
        var stamp: FileStamp
        var bytes: [UInt8]
    }

    init(_ authority: APIConnection.Authority) { self.authority = authority }

    /// A file that can't be read the first time is an error, never a reason to check less. Later the last good bytes stay.
    func current() throws(TransportFailure) -> TrustedAuthority {
        switch authority {
        case .system: return .system
        case .unchecked: return .unchecked
        case .pem(let bytes): return .pem(bytes)
        case .file(let path):
            let stamp = FileStamp(path)
            let last = known.withLock { $0 }
            if let last, stamp == last.stamp || stamp == nil { return .pem(last.bytes) }
            guard let stamp, let bytes = Self.read(path) else {
                if let last { return .pem(last.bytes) }
                let reason = String(cString: strerror(errno)).lowercased()
                throw TransportFailure(kind: .untrusted, message: "unable to read certificate-authority \(path): open \(path): \(reason)")
            }
            known.withLock { $0 = Known(stamp: stamp, bytes: bytes) }
            return .pem(bytes)
        }
    }

    private static func read(_ path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count < 16 << 20 {
            let count = Glibc.read(descriptor, &part, part.count)
            if count < 0 { return nil }
            if count == 0 { return bytes }
            bytes += part[..<count]
        }
        return nil
    }
}

/// What tells one content of a file from the next: a rewrite or a rename changes one of these.
private struct FileStamp: Equatable {
    var inode: UInt64
    var size: Int64
    var seconds: Int
    var nanoseconds: Int

    init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
        (seconds, nanoseconds) = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
    }
}
