import Glibc

/// Writes files so that readers see the old content or the new, never a part.
enum AtomicFile {
    /// - Parameter mode: of the new file; what an old one had is not kept.
    static func write(_ text: String, to path: String, mode: mode_t = 0o644) throws {
        let temporary = try writeTemporary(Array(text.utf8), beside: path, mode: mode)
        do {
            try SystemCall.check("can't rename \(temporary) to \(path)") { rename(temporary, path) }
        } catch {
            unlink(temporary)
            throw error
        }
        try syncFolder(of: path)
    }

    /// Makes the file if there is none; whoever comes second leaves the first one's in place.
    static func create(_ bytes: [UInt8], at path: String, mode: mode_t) throws {
        let temporary = try writeTemporary(bytes, beside: path, mode: mode)
        defer { unlink(temporary) }
        do {
            try SystemCall.check("can't make \(path)") { link(temporary, path) }
        } catch let error as SystemError where error.code == EEXIST {
            return
        }
        try syncFolder(of: path)
    }

    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    static func name(of path: String) -> String {
        String(path[(path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex)...])
    }

    /// A name with a dot in front, which no reader of the folder looks at.
    private static func writeTemporary(_ bytes: [UInt8], beside path: String, mode: mode_t) throws -> String {
        let unique = String(UInt64.random(in: .min ... .max), radix: 36)
        let temporary = "\(folder(of: path))/.\(name(of: path).prefix(180)).\(unique)"
        try withFile(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: mode) { file in
            do {
                try writeAll(bytes, to: file, path: temporary)
                try SystemCall.check("can't sync \(temporary)") { fsync(file) }
            } catch {
                unlink(temporary)
                throw error
            }
        }
        return temporary
    }

    private static func syncFolder(of path: String) throws {
        try withFile(folder(of: path), O_RDONLY | O_DIRECTORY) { file in
            _ = try SystemCall.check("can't sync \(folder(of: path))") { fsync(file) }
        }
    }
}
