import EgressPlan
import Glibc

/// Where the helper listens.
public enum HelperSocketPath {
    public static let standard = "/run/kubectl-egress/helper.sock"

    /// `{node}` in a path stands for the node's name, where one machine plays several nodes.
    public static func path(_ template: String, node: String) -> String {
        var result = ""
        var rest = template[...]
        while let brace = rest.firstIndex(of: "{") {
            result += rest[..<brace]
            if rest[brace...].hasPrefix("{node}") {
                result += node
                rest = rest[brace...].dropFirst("{node}".count)
            } else {
                result.append("{")
                rest = rest[brace...].dropFirst()
            }
        }
        return result + rest
    }
}

/// Runs a call of the C library with the path as a socket address (`unix(7)`: 107 bytes and a NUL).
func withSocketAddress<Result>(
    _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Result
) throws -> Result {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let capacity = MemoryLayout.size(ofValue: address.sun_path) - 1
    guard !path.isEmpty, path.utf8.count <= capacity else {
        throw HelperError(
            code: "unreachable", message: "the socket path \(path) has \(path.utf8.count) bytes; the kernel takes 1 to \(capacity)",
            hint: "give a shorter one with --socket")
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    return try withUnsafePointer(to: &address) { pointer in
        try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { try body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
    }
}

func errnoText(_ code: CInt) -> String {
    guard let text = strerror(code) else { return "error \(code)" }
    return String(cString: text)
}
