import Glibc

/// What tests may leave behind on a machine, by the prefix that all of it carries.
public enum Residue {
    public static let prefix = "egt-"

    /// Network namespaces, temporary folders and mounts of tests; empty when they cleaned up.
    public static func found() -> [String] {
        let namespaces = names(in: "/run/netns").map { "network namespace \($0)" }
        let folders = names(in: "/tmp").map { "/tmp/\($0)" }
        let mounts = (FileText.read("/proc/self/mounts") ?? "").split(separator: "\n").filter { $0.contains("/\(prefix)") }
        return namespaces + folders + mounts.map { "mount \($0)" }
    }

    private static func names(in folder: String) -> [String] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            if name.hasPrefix(prefix) { names.append(name) }
        }
        return names
    }
}
