/// What was taken over from a helper with another layout of the maps.
public struct LayoutTakeover: Sendable, Hashable {
    /// `EGRESS_ABI_VERSION` of that helper.
    public var version: Int
    /// Entries of tables that hold connections; a translation has two.
    public var entries = 0
    /// Those that found no room.
    public var lost = 0
    /// Why the rest was left behind; connections that weren't taken over end.
    public var failure: String?
}
