// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A path that nobody but root can make lead elsewhere: every folder and every link on the way is root's.
struct TrustedPath {
    /// Absolute, without links.
    let path: String
    /// Of what it leads to.
    let status: stat

    /// As the kernel's own limit (path_resolution(7)).
    private static let mostLinks = 40

    /// Walks there as the kernel would. An access list that lets somebody else write shows as the group's right to
    /// (acl(5): it is the list's mask). A folder that everybody may write is fine when it is sticky, as /tmp: what root
    /// owns in it stays root's; but not as the one that modules are in.
    init(_ path: String) throws(Untrusted) {
        guard path.hasPrefix("/") else { throw Untrusted(reason: "\(path) is no absolute path") }
        var (here, links) = ("", 0)
        var status = try Self.status("/")
        try Self.check("/", status, mayBeSticky: true)
        // The next one last.
        var rest = Self.names(path)
        while let name = rest.popLast() {
            if name == ".." {
                here = here.lastIndex(of: "/").map { String(here[..<$0]) } ?? ""
                continue
            }
            let next = "\(here)/\(name)"
            let found = try Self.status(next)
            guard found.st_mode & S_IFMT == S_IFLNK else {
                try Self.check(next, found, mayBeSticky: rest.count > 1)
                (here, status) = (next, found)
                continue
            }
            links += 1
            guard links <= Self.mostLinks else { throw Untrusted(reason: "\(path) has more than \(Self.mostLinks) links on its way") }
            try Self.checkOwner(next, found)
            let target = try Self.target(next)
            if target.hasPrefix("/") { here = "" }
            rest += Self.names(target)
        }
        self.path = here.isEmpty ? "/" : here
        self.status = status
    }

    private static func names(_ path: String) -> [String] {
        path.split(separator: "/").filter { $0 != "." }.reversed().map(String.init)
    }

    private static func status(_ path: String) throws(Untrusted) -> stat {
        var status = stat()
        guard lstat(path, &status) == 0 else { throw Untrusted(reason: "\(path) can't be found: \(String(cString: strerror(errno)))") }
        return status
    }

    private static func target(_ link: String) throws(Untrusted) -> String {
        var bytes = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(link, &bytes, bytes.count)
        guard count > 0 else { throw Untrusted(reason: "\(link) can't be read: \(String(cString: strerror(errno)))") }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }

    private static func checkOwner(_ path: String, _ status: stat) throws(Untrusted) {
        guard status.st_uid == 0 else {
            throw Untrusted(reason: "\(path) belongs to user \(status.st_uid), and must to root: chown -h root \(path)")
        }
    }

    private static func check(_ path: String, _ status: stat, mayBeSticky: Bool) throws(Untrusted) {
        try checkOwner(path, status)
        let isSticky = mayBeSticky && status.st_mode & S_ISVTX != 0
        guard status.st_mode & (S_IWGRP | S_IWOTH) == 0 || isSticky else {
            throw Untrusted(reason: "\(path) can be written by others than root: chmod go-w \(path)")
        }
    }
}

/// Why a file isn't loaded.
struct Untrusted: Error, Hashable {
    var reason: String
}
