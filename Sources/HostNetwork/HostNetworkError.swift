// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Something that the node's network would not do.
public struct HostNetworkError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What failed, and on which object.
    public var message: String
    /// The kernel's `errno`; `nil` when it wasn't the kernel that refused.
    public var errno: Int32?
    /// What to do next.
    public var hint: String?

    public init(_ message: String, errno: Int32? = nil, hint: String? = nil) {
        self.message = message
        self.errno = errno
        self.hint = hint
    }

    public var description: String {
        let reason = errno.map { ": \(errorText($0))" } ?? ""
        return message + reason + (hint.map { " (\($0))" } ?? "")
    }
}

func errorText(_ code: Int32) -> String {
    strerror(code).map { String(cString: $0) } ?? "error \(code)"
}
