import Glibc

/// Paths as Go's `filepath` joins and cleans them, by their text alone.
enum FilePath {
    /// The working directory; empty when it is gone.
    static var workingDirectory: String {
        guard let path = getcwd(nil, 0) else { return "" }
        defer { free(path) }
        return String(cString: path)
    }

    /// Relative to a directory; an absolute or empty path stays as it is.
    static func resolve(_ path: String, against directory: String) -> String {
        path.isEmpty || path.hasPrefix("/") ? path : clean("\(directory)/\(path)")
    }

    /// The directory of a file, absolute.
    static func directory(of file: String) -> String {
        let absolute = file.hasPrefix("/") ? file : "\(workingDirectory)/\(file)"
        return clean(String(absolute[..<(absolute.lastIndex(of: "/") ?? absolute.startIndex)]) + "/")
    }

    /// Without `.`, `..`, doubled and trailing slashes; `.` for nothing.
    static func clean(_ path: String) -> String {
        let isAbsolute = path.hasPrefix("/")
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == "..", let last = parts.last, last != ".." {
                parts.removeLast()
            } else if part != ".." || !isAbsolute {
                parts.append(part)
            }
        }
        let joined = parts.joined(separator: "/")
        return isAbsolute ? "/" + joined : joined.isEmpty ? "." : joined
    }
}
