import EgressPlan
import Glibc

/// What the helper needs before it can begin, each with the command that gives it.
public enum StartRequirements {
    /// Throws ``HelperError`` for the first thing that is missing.
    public static func check(bpfRoot: String) throws {
        if let missing = missingCapabilities(effective: try effectiveCapabilities()) { throw missing }
        if let missing = missingFileSystem(bpfRoot: bpfRoot, mounts: lines(of: "/proc/self/mountinfo")) { throw missing }
    }

    /// `mounts`: lines of mountinfo in proc(5); the last mount that holds the path is the one that is seen.
    static func missingFileSystem(bpfRoot: String, mounts: [String]) -> HelperError? {
        var (place, type) = ("/", "")
        for mount in mounts {
            let fields = mount.split(separator: " ")
            guard fields.count > 4, let dash = fields.firstIndex(of: "-"), fields.indices.contains(dash + 1) else { continue }
            let point = String(fields[4])
            let holds = point == "/" || bpfRoot == point || bpfRoot.hasPrefix(point + "/")
            if holds, point.utf8.count >= place.utf8.count { (place, type) = (point, String(fields[dash + 1])) }
        }
        guard type != "bpf" else { return nil }
        let parent = bpfRoot.lastIndex(of: "/").map { String(bpfRoot[..<$0]) } ?? bpfRoot
        return HelperError(
            code: "kernel_refused", message: "\(bpfRoot) is not on a BPF file system, and the datapath's pins must be",
            hint: "mount one: mount -t bpf bpf \(parent); or name a folder on another one with --bpf-root")
    }

    /// `effective`: `CapEff` of proc(5). CAP_SYS_ADMIN stands for CAP_BPF, as before Linux 5.8.
    static func missingCapabilities(effective: UInt64) -> HelperError? {
        let (netAdmin, sysAdmin, bpf) = (UInt64(1) << 12, UInt64(1) << 21, UInt64(1) << 39)
        var missing: [String] = []
        if effective & (bpf | sysAdmin) == 0 { missing.append("CAP_BPF") }
        if effective & netAdmin == 0 { missing.append("CAP_NET_ADMIN") }
        guard !missing.isEmpty else { return nil }
        return HelperError(
            code: "kernel_refused", message: "the helper needs \(missing.joined(separator: " and "))",
            hint: "run it with sudo, or in a container with securityContext.capabilities.add: [BPF, NET_ADMIN]")
    }

    private static func effectiveCapabilities() throws -> UInt64 {
        let digits = lines(of: "/proc/self/status").first { $0.hasPrefix("CapEff:") }?.dropFirst("CapEff:".count).filter(\.isHexDigit)
        guard let set = digits.flatMap({ UInt64($0, radix: 16) }) else {
            throw HelperError(code: "internal", message: "/proc/self/status has no CapEff", hint: "mount proc: mount -t proc proc /proc")
        }
        return set
    }

    private static func lines(of path: String) -> [String] {
        guard let file = fopen(path, "re") else { return [] }
        defer { fclose(file) }
        var lines: [String] = []
        var line = [CChar](repeating: 0, count: 8192)
        while fgets(&line, CInt(line.count), file) != nil {
            lines.append(String(decoding: line.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
        }
        return lines
    }
}
