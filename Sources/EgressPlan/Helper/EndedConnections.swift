public import EgressModel

/// A pod that lost the connections it had open when a policy first claimed it, as they couldn't be read.
public struct EndedConnections: Sendable, Hashable {
    public var pod: ObjectReference
    public var reason: String

    public init(pod: ObjectReference, reason: String) {
        self.pod = pod
        self.reason = reason
    }
}
