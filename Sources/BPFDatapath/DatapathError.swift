import Glibc

/// What the kernel or libbpf refused: on which object, with which errno, and what to do next where that is known.
public struct DatapathError: Error, Sendable, Hashable, CustomStringConvertible {
    public var message: String
    /// A positive errno; `nil` when the reason isn't one.
    public var errno: Int32?
    public var hint: String?

    public init(_ message: String, errno: Int32? = nil, hint: String? = nil) {
        self.message = message
        self.errno = errno
        self.hint = hint
    }

    public var description: String {
        let reason = errno.map { ": " + String(cString: strerror($0)) } ?? ""
        let advice = hint.map { " (\($0))" } ?? ""
        return message + reason + advice
    }
}

/// Runs a call of libbpf or of a shim, which answers with a negative errno; `EINTR` is tried again.
@discardableResult
func kernelCall(_ what: @autoclosure () -> String, hint: String? = nil, _ body: () -> Int32) throws(DatapathError) -> Int32 {
    while true {
        let result = body()
        if result >= 0 { return result }
        if result == -EINTR { continue }
        throw DatapathError(what(), errno: -result, hint: hint)
    }
}
