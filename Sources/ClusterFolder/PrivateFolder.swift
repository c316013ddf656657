import EgressPorts
import Glibc

/// `.kubectl-egress` inside of the folder: the writers' lock and the tunnel's tokens. Nobody but its owner may enter.
struct PrivateFolder {
    let path: String

    init(in folder: String) throws {
        path = folder + "/.kubectl-egress"
        do {
            try SystemCall.check("can't make \(path)") { mkdir(path, 0o700) }
        } catch let error as SystemError where error.code == EEXIST {
            // Made before.
        } catch let error as SystemError {
            throw error.asClusterError()
        }
    }

    /// Runs while no other writer of the folder does, in this process or another; waits up to ten seconds for them.
    func locked<Result: Sendable>(_ body: () throws -> Result) async throws -> Result {
        let lockPath = path + "/lock"
        let file = try SystemCall.check("can't open \(lockPath)") { open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600) }
        // Closing lets the lock go.
        defer { close(file) }
        for _ in 0..<500 {
            if flock(file, LOCK_EX | LOCK_NB) == 0 { return try body() }
            guard errno == EWOULDBLOCK || errno == EINTR else {
                throw SystemError(code: errno, what: "can't lock \(lockPath)").asClusterError()
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw ClusterError("another writer holds \(lockPath) for ten seconds", hint: "see who has it open: fuser \(lockPath)")
    }
}
