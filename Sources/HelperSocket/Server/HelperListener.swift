import EgressPlan
import Glibc

/// A bound Unix socket that nobody but its owner, root and its group can reach, and the proof that no other helper uses its path.
///
/// The socket file never has wider modes than 0660, not even for a moment: Linux takes the mode of the inode from the
/// socket itself (`fchmod` before `bind`). A lock file beside it, held as long as the process lives, keeps two helpers apart;
/// so a socket file whose lock is free, and which nobody answers, is a leftover and is replaced.
public struct HelperListener: Sendable {
    public let path: String
    /// The socket file's group: its members may read.
    public let group: UInt32
    let descriptor: CInt
    let lock: CInt

    /// Binds; makes the folder (0755) where it is missing. `owner`: the uid that the file is given to, so that it can connect.
    public static func open(path: String, owner: UInt32? = nil) throws -> HelperListener {
        try makeFolder(of: path)
        let lock = try takeLock(path)
        do {
            try removeLeftover(path)
            let descriptor = try bindSocket(path)
            var status = stat()
            guard stat(path, &status) == 0 else { throw failure("look at \(path)", errno) }
            if let owner, let code = giveFailure(path, to: owner, group: status.st_gid) {
                Glibc.close(descriptor)
                throw failure(
                    "give \(path) to uid \(owner)", code,
                    hint: "run the helper with CAP_CHOWN, or give the folder a group of the agent's, with the setgid bit")
            }
            return HelperListener(path: path, group: status.st_gid, descriptor: descriptor, lock: lock)
        } catch {
            Glibc.close(lock)
            throw error
        }
    }

    /// The error of giving the file away, where that leaves the owner without a way to it.
    ///
    /// A folder with the setgid bit, such as a pod's volume with `fsGroup`, says by its group who may connect: then CAP_CHOWN isn't
    /// needed. Who connects is judged by uid all the same.
    private static func giveFailure(_ path: String, to owner: UInt32, group: UInt32) -> CInt? {
        guard chown(path, owner, gid_t.max) != 0 else { return nil }
        let code = errno
        return owner == geteuid() || group != getegid() ? nil : code
    }

    /// Removes the file; the lock file stays, since removing it would let two helpers hold two locks of one name.
    func end() {
        unlink(path)
        Glibc.close(lock)
    }

    static let backlog: CInt = 128

    private static func makeFolder(of path: String) throws {
        guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return }
        let folder = String(path[..<slash])
        if mkdir(folder, 0o755) != 0, errno != EEXIST {
            throw failure("make the folder \(folder)", errno, hint: "make it, or give another place with --socket")
        }
    }

    private static func takeLock(_ path: String) throws -> CInt {
        let descriptor = Glibc.open(path + ".lock", O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw failure("open \(path).lock", errno, hint: "the helper must be able to write in this folder") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            Glibc.close(descriptor)
            throw code == EWOULDBLOCK ? inUse(path) : failure("lock \(path).lock", code)
        }
        return descriptor
    }

    private static func removeLeftover(_ path: String) throws {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw HelperError(
                code: "unreachable", message: "\(path) exists and is not a socket", hint: "move it away, or give another path with --socket"
            )
        }
        let probe = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard probe >= 0 else { throw failure("open a socket", errno) }
        defer { Glibc.close(probe) }
        let code = try withSocketAddress(path) { connect(probe, $0, $1) == 0 ? 0 : errno }
        guard code == ECONNREFUSED || code == ENOENT else { throw inUse(path) }
        guard unlink(path) == 0 || errno == ENOENT else { throw failure("remove the leftover \(path)", errno) }
    }

    private static func bindSocket(_ path: String) throws -> CInt {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { throw failure("open a socket", errno) }
        do {
            guard fchmod(descriptor, 0o660) == 0 else { throw failure("set the mode of \(path)", errno) }
            let code = try withSocketAddress(path) { bind(descriptor, $0, $1) == 0 ? 0 : errno }
            guard code == 0 else { throw failure("bind \(path)", code, hint: "the helper must be able to write in this folder") }
            // The umask may have narrowed it: connecting needs the right to write.
            guard chmod(path, 0o660) == 0 else { throw failure("set the mode of \(path)", errno) }
            // Who connects before the server runs waits, and isn't turned away.
            guard listen(descriptor, backlog) == 0 else { throw failure("listen at \(path)", errno) }
            return descriptor
        } catch {
            Glibc.close(descriptor)
            throw error
        }
    }

    private static func inUse(_ path: String) -> HelperError {
        HelperError(
            code: "unreachable", message: "another egress-helper listens at \(path)",
            hint: "stop it first, or give this one another path with --socket")
    }

    private static func failure(_ what: String, _ code: CInt, hint: String? = nil) -> HelperError {
        HelperError(code: "unreachable", message: "can't \(what): \(errnoText(code))", hint: hint)
    }
}
