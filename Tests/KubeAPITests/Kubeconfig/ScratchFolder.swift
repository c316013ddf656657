import Glibc
import TestKit

/// A folder of one test's own, gone with it.
final class ScratchFolder: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/egt-kubeconfig-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw TestKitError("no temporary folder") }
        path = String(cString: made)
    }

    deinit { _ = try? Command.run(["rm", "-rf", path]) }

    /// Writes a file, with the folders above it; returns its path.
    @discardableResult
    func write(_ name: String, _ text: String, mode: mode_t = 0o600) throws -> String {
        let file = "\(path)/\(name)"
        let parts = name.split(separator: "/").dropLast()
        for count in parts.indices { mkdir("\(path)/" + parts[...count].joined(separator: "/"), 0o700) }
        try FileText.write(text, to: file)
        chmod(file, mode)
        return file
    }

    func script(_ name: String, _ body: String) throws -> String {
        try write(name, "#!/bin/sh\n\(body)\n", mode: 0o700)
    }

    func text(_ name: String) -> String { FileText.read("\(path)/\(name)") ?? "" }

    /// How often a script that appends a line to a file ran.
    func lines(_ name: String) -> Int { text(name).split(separator: "\n").count }
}
