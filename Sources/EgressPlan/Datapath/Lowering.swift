public import EgressModel

/// A plan in the words of one node's kernel: the result of ``lower(_:facts:tunnel:previous:)``.
public struct Lowering: Sendable, Hashable {
    public var state: DatapathState
    /// Pods of the plan that no device was found for, sorted. They are guarded, so what is claimed of theirs doesn't leave.
    public var notGoverned: [ObjectReference]
    /// Which pod of the plan is behind which interface.
    public var pods: [Int: PlannedPod]

    public init(state: DatapathState, notGoverned: [ObjectReference], pods: [Int: PlannedPod] = [:]) {
        self.state = state
        self.notGoverned = notGoverned
        self.pods = pods
    }
}
