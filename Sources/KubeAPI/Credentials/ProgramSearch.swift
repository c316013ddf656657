import Glibc

/// Finds programs by name (Go's `exec.LookPath`): never in the working directory.
struct ProgramSearch: Sendable, Hashable {
    private let directories: [String]

    init(path: String?) {
        directories = (path ?? "").split(separator: ":").map(String.init).filter { $0.hasPrefix("/") }
    }

    /// A name with a separator is a path already, whether or not something is there.
    func find(_ command: String) -> String? {
        if command.contains("/") { return command }
        return directories.lazy.map { "\($0)/\(command)" }.first { LocalFile.isPlainFile($0) && access($0, X_OK) == 0 }
    }
}
