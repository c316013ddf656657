// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A kernel parameter of the calling thread's network namespace, by its path under /proc/sys.
struct Sysctl {
    /// `net/ipv4/ip_forward`
    var path: String
    /// Where /proc/sys is: container runtimes make /proc/sys read-only, and a mount of the host's elsewhere isn't.
    var root = Self.standardRoot

    static let standardRoot = "/proc/sys"

    private var file: String { "\(root)/\(path)" }
    private var name: String { path.split(separator: "/").joined(separator: ".") }

    /// Without the newline; `nil` when the kernel has no such parameter.
    func value() throws(HostNetworkError) -> String? {
        let descriptor = open(file, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw HostNetworkError("can't read \(name)", errno: errno)
        }
        defer { close(descriptor) }
        var text: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 4096)
        while text.count < 1 << 20 {
            let count = retrying { read(descriptor, &part, 4096) }
            guard count >= 0 else { throw HostNetworkError("can't read \(name)", errno: errno) }
            guard count > 0 else { break }
            text += part[..<count]
        }
        return String(decoding: text.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }

    /// Writes only what differs, so that a read-only /proc/sys with the right values is good enough.
    func set(_ wanted: String) throws(HostNetworkError) {
        if try value() == wanted { return }
        let descriptor = open(file, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw refusal(wanted) }
        defer { close(descriptor) }
        let bytes = Array(wanted.utf8)
        guard retrying({ write(descriptor, bytes, bytes.count) }) == bytes.count else { throw refusal(wanted) }
    }

    private func refusal(_ wanted: String) -> HostNetworkError {
        let short = wanted.utf8.count > 80 ? "…" : wanted
        return HostNetworkError("can't set \(name) to \(short)", errno: errno, hint: "set it on the node: sysctl -w \(name)=\(short)")
    }
}
