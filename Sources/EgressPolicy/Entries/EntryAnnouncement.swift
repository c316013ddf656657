public import EgressModel

/// What a node's agent says of itself as a gateway: `status.resolutions` and the id counter behind them.
public struct EntryAnnouncement: Sendable, Hashable {
    /// 22 bits of the tunnel's identifier; 0 is nobody's.
    public static let highestID: UInt32 = (1 << 22) - 1

    /// By policy, UID, entry.
    public var resolutions: [EntryResolution]
    /// The highest id that this node ever gave out.
    public var lastEntryID: UInt32
    /// `nil` while the counter lasts.
    public var resting: RestingIDs?

    public init(resolutions: [EntryResolution], lastEntryID: UInt32, resting: RestingIDs? = nil) {
        self.resolutions = resolutions
        self.lastEntryID = lastEntryID
        self.resting = resting
    }
}
