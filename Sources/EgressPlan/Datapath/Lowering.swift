public import EgressModel

/// A plan in the words of one node's kernel: the result of ``lower(_:facts:tunnel:previous:)``.
public struct Lowering: Sendable, Hashable {
    public var state: DatapathState
    /// Pods of the plan that no device was found for, sorted. They are guarded, so what is claimed of theirs doesn't leave.
    public var notGoverned: [ObjectReference]

    public init(state: DatapathState, notGoverned: [ObjectReference]) {
        self.state = state
        self.notGoverned = notGoverned
    }
}
