import Glibc

enum SeccompFilter {
    /// Whether one holds for this process: `Seccomp: 2` of proc(5).
    static func isInForce() -> Bool {
        guard let file = fopen("/proc/self/status", "re") else { return false }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 1024)
        while fgets(&line, CInt(line.count), file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            if text.hasPrefix("Seccomp:") { return text.contains("2") }
        }
        return false
    }

    /// For a bpf(2) that was refused though the capabilities were checked at the start.
    static let hint = """
        the container's seccomp profile may forbid bpf to CAP_BPF, as RuntimeDefault of CRI-O and podman does: \
        set seccompProfile of the helper to Unconfined, or to a Localhost profile that allows bpf
        """
}
