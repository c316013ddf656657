import EgressPorts
import Glibc

/// Files of the user's: small, read whole. A failure is worded as Go words it, for kubectl prints it so.
enum LocalFile {
    struct Failure: Error, Hashable {
        /// `open`, `read` or `stat`.
        var operation: String
        var path: String
        var code: Int32

        var isMissing: Bool { code == ENOENT }
        /// `open /etc/ca.crt: permission denied`.
        var message: String { "\(operation) \(path): \(Self.words(code))" }

        /// Go's words for an errno.
        static func words(_ code: Int32) -> String {
            switch code {
            case EFBIG: "file too large"
            case ELOOP: "too many levels of symbolic links"
            default:
                String(cString: strerror(code)).lowercased()
            }
        }
    }

    /// What tells a changed file from an unchanged one.
    struct Version: Hashable {
        var device: UInt64
        var inode: UInt64
        var size: Int64
        var seconds: Int
        var nanoseconds: Int
    }

    /// More than any kubeconfig or bundle of authorities has.
    static let sizeLimit = 64 << 20

    /// For reading that is an error of the whole when it fails.
    static func content(_ path: String) throws(ClusterError) -> [UInt8] {
        do throws(Failure) {
            return try read(path)
        } catch {
            throw ClusterError(error.message)
        }
    }

    static func read(_ path: String, limit: Int = sizeLimit) throws(Failure) -> [UInt8] {
        let descriptor = retried { open(path, O_RDONLY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw Failure(operation: "open", path: path, code: errno) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = retried { Glibc.read(descriptor, &chunk, chunk.count) }
            guard count >= 0 else { throw Failure(operation: "read", path: path, code: errno) }
            guard count > 0 else { return bytes }
            guard bytes.count + count <= limit else { throw Failure(operation: "read", path: path, code: EFBIG) }
            bytes += chunk[..<count]
        }
    }

    /// Whether it can be opened for reading.
    static func checkReadable(_ path: String) throws(Failure) {
        let descriptor = retried { open(path, O_RDONLY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw Failure(operation: "open", path: path, code: errno) }
        close(descriptor)
    }

    /// `nil` where there is nothing.
    static func version(_ path: String) -> Version? {
        status(path).map {
            Version(
                device: UInt64($0.st_dev), inode: UInt64($0.st_ino), size: Int64($0.st_size), seconds: $0.st_mtim.tv_sec,
                nanoseconds: $0.st_mtim.tv_nsec)
        }
    }

    static func isPlainFile(_ path: String) -> Bool {
        status(path).map { $0.st_mode & S_IFMT == S_IFREG } ?? false
    }

    /// `stat nofile: no such file or directory`, where that is so.
    static func checkExists(_ path: String) throws(Failure) {
        var status = stat()
        guard stat(path, &status) != 0, errno == ENOENT else { return }
        throw Failure(operation: "stat", path: path, code: ENOENT)
    }

    private static func status(_ path: String) -> stat? {
        var status = stat()
        return stat(path, &status) == 0 ? status : nil
    }

    private static func retried<Number: SignedInteger>(_ call: () -> Number) -> Number {
        while true {
            let result = call()
            if result >= 0 || errno != EINTR { return result }
        }
    }
}
