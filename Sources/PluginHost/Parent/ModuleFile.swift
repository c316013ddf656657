// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A module's file as it is on disk.
struct ModuleFile: Hashable {
    /// Absolute, without links.
    var path: String
    /// Changes when the file is replaced or written.
    var identity: [Int]

    /// Files named `*.so` of a folder, sorted; none when the folder can't be read.
    static func names(in folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while names.count < 256, let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            if name.hasSuffix(".so"), !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    /// Throws the reason why nobody should load it: somebody else than root could put other code there.
    init(checking path: String) throws(Untrusted) {
        let trusted = try TrustedPath(path)
        let status = trusted.status
        guard status.st_mode & S_IFMT == S_IFREG else { throw Untrusted(reason: "\(trusted.path) is no file") }
        if let user = ModuleMount.foreignUser(ofFile: trusted.path) {
            throw Untrusted(
                reason: "\(trusted.path) is on a file system that a process of user \(user) makes up; copy it to one of root's")
        }
        self.path = trusted.path
        identity = [
            Int(truncatingIfNeeded: status.st_dev), Int(truncatingIfNeeded: status.st_ino), Int(status.st_size),
            Int(status.st_mtim.tv_sec), Int(status.st_mtim.tv_nsec), Int(status.st_ctim.tv_sec), Int(status.st_ctim.tv_nsec),
        ]
    }
}
