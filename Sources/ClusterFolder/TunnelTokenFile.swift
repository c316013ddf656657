import EgressPorts
import Glibc

/// The tunnel's tokens (``TunnelTokenText``) in a file that its owner alone can read.
///
/// Its content appears in no message.
struct TunnelTokenFile {
    let path: String

    init(in folder: PrivateFolder) { path = folder.path + "/tunnel-token" }

    /// Makes the file on first use. Agents that race agree: the first one's file stays.
    func tokens() throws -> [[UInt8]] {
        if let tokens = try read() { return tokens }
        try AtomicFile.create(Array(TunnelTokenText.new().utf8), at: path, mode: 0o600)
        guard let tokens = try read() else { throw ClusterError("\(path) vanished while it was made") }
        return tokens
    }

    private func read() throws -> [[UInt8]]? {
        do {
            return try withFile(path, O_RDONLY | O_NOFOLLOW) { file in
                var status = stat()
                try SystemCall.check("can't examine \(path)") { fstat(file, &status) }
                guard status.st_mode & 0o077 == 0 else {
                    throw ClusterError("\(path) can be read by others than its owner", hint: "chmod 600 \(path), and write a new token")
                }
                return try parse(readAll(file, path: path, limit: 4096))
            }
        } catch let error as SystemError {
            if error.code == ENOENT { return nil }
            throw error.asClusterError()
        }
    }

    private func parse(_ bytes: [UInt8]) throws -> [[UInt8]] {
        guard let tokens = TunnelTokenText.parse(bytes) else {
            throw ClusterError("\(path) holds no tokens", hint: TunnelTokenText.form)
        }
        return tokens
    }
}
