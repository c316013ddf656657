/// What the helper, or the way to it, answered instead of a result.
public struct HelperError: Error, Sendable, Hashable, CustomStringConvertible {
    /// `unreachable`, `timeout`, or a code of the protocol: `bad_request`, `unknown_method`, `forbidden`,
    /// `stale_revision`, `not_found`, `plugin_failed`, `kernel_refused`, `foreign_owner`,
    /// `busy`. Unknown codes are kept as text.
    public var code: String
    public var message: String
    public var hint: String?

    public init(code: String, message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    public var description: String { hint.map { "\(message) (\($0))" } ?? message }
}
