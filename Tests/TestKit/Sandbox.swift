import CEgressShims
import Glibc

/// A thread with a network namespace and a mount namespace of its own; both end with it, with all that is in them.
public enum Sandbox {
    /// Runs `body` on such a thread, as part of the calling task. `body` gets a folder on a BPF file system that nobody
    /// else sees.
    public static func run<Result: Sendable>(_ body: @escaping @Sendable (_ bpffs: String) throws -> Result) async throws -> Result {
        let thread = SandboxThread()
        defer { thread.end() }
        return try await withTaskExecutorPreference(thread) { try await enter(body) }
    }

    @concurrent
    private static func enter<Result: Sendable>(_ body: @Sendable (String) throws -> Result) async throws -> Result {
        try enterNow(body)
    }

    private static func enterNow<Result>(_ body: (String) throws -> Result) throws -> Result {
        var template = Array("/tmp/egt-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw failure("mkdtemp") }
        let folder = String(cString: made)
        defer { rmdir(folder) }
        // Nothing that is mounted here reaches the host.
        guard egress_new_network_namespace() == 0, egress_new_mount_namespace() == 0 else { throw failure("unshare") }
        guard mount("bpf", folder, "bpf", 0, nil) == 0 else { throw failure("mount bpf") }
        defer { umount2(folder, Int32(MNT_DETACH)) }
        return try body(folder)
    }

    private static func failure(_ what: String) -> TestKitError {
        TestKitError("\(what): \(String(cString: strerror(errno)))")
    }
}
