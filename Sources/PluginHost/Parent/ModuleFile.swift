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
    ///
    /// A parent folder that everybody may write is fine when it is sticky, as /tmp: what root owns in it stays root's.
    init(checking path: String) throws(Untrusted) {
        guard path.hasPrefix("/"), let resolved = realpath(path, nil) else {
            throw Untrusted(reason: "\(path) can't be found: \(String(cString: strerror(errno)))")
        }
        defer { free(resolved) }
        self.path = String(cString: resolved)
        let status = try Self.status(self.path)
        guard status.st_mode & S_IFMT == S_IFREG else { throw Untrusted(reason: "\(self.path) is no file") }
        try Self.check(self.path, status, mayBeSticky: false)
        var folder = self.path
        var isFirst = true
        while let slash = folder.lastIndex(of: "/"), folder != "/" {
            folder = slash == folder.startIndex ? "/" : String(folder[..<slash])
            try Self.check(folder, try Self.status(folder), mayBeSticky: !isFirst)
            isFirst = false
        }
        identity = [
            Int(truncatingIfNeeded: status.st_dev), Int(truncatingIfNeeded: status.st_ino), Int(status.st_size),
            Int(status.st_mtim.tv_sec), Int(status.st_mtim.tv_nsec),
        ]
    }

    private static func status(_ path: String) throws(Untrusted) -> stat {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            throw Untrusted(reason: "\(path) can't be looked at: \(String(cString: strerror(errno)))")
        }
        return status
    }

    private static func check(_ path: String, _ status: stat, mayBeSticky: Bool) throws(Untrusted) {
        guard status.st_uid == 0 else {
            throw Untrusted(reason: "\(path) belongs to user \(status.st_uid), and must to root: chown root \(path)")
        }
        let isSticky = mayBeSticky && status.st_mode & S_ISVTX != 0
        guard status.st_mode & (S_IWGRP | S_IWOTH) == 0 || isSticky else {
            throw Untrusted(reason: "\(path) can be written by others than root: chmod go-w \(path)")
        }
    }

    struct Untrusted: Error, Hashable {
        var reason: String
    }
}
