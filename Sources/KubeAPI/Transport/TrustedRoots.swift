import Synchronization

/// The certificates that sign the server's, read again when their file changes, as a rotated authority does.
final class TrustedRoots: Sendable {
    private let authority: APIConnection.Authority
    private let known = Mutex<Known?>(nil)

    private struct Known {
        var version: LocalFile.Version
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
            return .pem(try content(path))
        }
    }

    private func content(_ path: String) throws(TransportFailure) -> [UInt8] {
        let version = LocalFile.version(path)
        let last = known.withLock { $0 }
        if let last, version == last.version || version == nil { return last.bytes }
        do throws(LocalFile.Failure) {
            let bytes = try LocalFile.read(path, limit: 16 << 20)
            known.withLock { $0 = version.map { Known(version: $0, bytes: bytes) } ?? $0 }
            return bytes
        } catch {
            if let last { return last.bytes }
            throw TransportFailure(kind: .untrusted, message: "unable to read certificate-authority \(path): \(error.message)")
        }
    }
}
