public import EgressModel

/// Why a cluster could not be read or changed. Nothing was changed.
public struct ClusterError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Who speaks in the message.
    public enum Voice: Sendable, Hashable {
        /// We: `error: ` goes in front.
        case ours
        /// It is printed as it is: `Error from server (Forbidden): …`, `Unable to connect to the server: …`.
        case verbatim
    }

    public var message: String
    public var voice: Voice
    /// What is wrong with the objects, where it is about them.
    public var findings: [Finding]
    /// Fields that somebody else manages, where applying them was refused.
    public var conflicts: [FieldConflict]
    public var hint: String?

    public init(_ message: String, voice: Voice = .ours, findings: [Finding] = [], conflicts: [FieldConflict] = [], hint: String? = nil) {
        self.message = message
        self.voice = voice
        self.findings = findings
        self.conflicts = conflicts
        self.hint = hint
    }

    public var description: String { hint.map { "\(message) (\($0))" } ?? message }
}

/// A field that another manager owns (server-side apply, KEP-555).
public struct FieldConflict: Sendable, Hashable {
    public var object: ObjectReference
    /// As the API server writes it: `.spec.egressGateway.egressIP`.
    public var field: String
    public var manager: String

    public init(object: ObjectReference, field: String, manager: String) {
        self.object = object
        self.field = field
        self.manager = manager
    }
}
