public struct PlanApplied: Sendable, Hashable {
    public var revision: UInt64
    /// Writes to the kernel that it took.
    public var changed: Int

    public init(revision: UInt64, changed: Int) {
        self.revision = revision
        self.changed = changed
    }
}
