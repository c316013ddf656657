/// Entry ids that nobody holds and that a gateway doesn't give out yet, as some node may still send by them.
///
/// There is something to remember only once every id has been given out: until then each is new.
public struct RestingIDs: Sendable, Hashable {
    /// RFC 3339 in UTC: every id that nobody holds rests since then. `nil`: only ``ids`` do.
    public var allSince: String?
    /// By id.
    public var ids: [RestingID]

    public init(allSince: String? = nil, ids: [RestingID] = []) {
        self.allSince = allSince
        self.ids = ids
    }
}

/// One id whose entry is gone.
public struct RestingID: Sendable, Hashable {
    public var id: UInt32
    /// RFC 3339 in UTC: when it became free.
    public var since: String

    public init(id: UInt32, since: String) {
        self.id = id
        self.since = since
    }
}
