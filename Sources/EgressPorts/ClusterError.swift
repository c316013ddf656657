public import EgressModel

/// Why a cluster could not be read or changed. Nothing was changed.
public struct ClusterError: Error, Sendable, Hashable, CustomStringConvertible {
    public var message: String
    /// What is wrong with the objects, where it is about them.
    public var findings: [Finding]
    public var hint: String?

    public init(_ message: String, findings: [Finding] = [], hint: String? = nil) {
        self.message = message
        self.findings = findings
        self.hint = hint
    }

    public var description: String { hint.map { "\(message) (\($0))" } ?? message }
}
