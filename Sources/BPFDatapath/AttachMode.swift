/// How programs are put on interfaces.
public enum AttachMode: String, Sendable, Hashable, CaseIterable {
    /// Links, pinned (Linux 6.6).
    case tcx
    /// Filters of the `clsact` qdisc; the kernel keeps them by itself.
    case clsact
}
