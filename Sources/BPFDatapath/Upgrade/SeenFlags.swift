import CEgressABI

/// What a connection that is in both layouts showed to the old programs after it was copied: that it is closing, above all,
/// since it would be kept for hours else. Everything else of it ours knows better, or meets again with its next packet.
enum SeenFlags {
    static func merge(_ entry: MapEntry, into map: RawMap) throws {
        switch entry.map {
        case "egress_flows4": try merge(entry, map) { (ours: inout egress_flow4, theirs) in ours.take(theirs) }
        case "egress_flows6": try merge(entry, map) { (ours: inout egress_flow6, theirs) in ours.take(theirs) }
        case "egress_nat_fwd4": try merge(entry, map) { (ours: inout egress_half4, theirs) in ours.seen |= theirs.seen }
        case "egress_nat_fwd6": try merge(entry, map) { (ours: inout egress_half6, theirs) in ours.seen |= theirs.seen }
        case "egress_nat_rev4": try merge(entry, map) { (ours: inout egress_rev4, theirs) in ours.seen |= theirs.seen }
        case "egress_nat_rev6": try merge(entry, map) { (ours: inout egress_rev6, theirs) in ours.seen |= theirs.seen }
        default: break
        }
    }

    /// When the connection was last heard of, in seconds of the coarse monotonic clock; `nil`: that isn't known.
    static func last(_ entry: MapEntry) -> UInt32? {
        entry.value.withUnsafeBytes { value in
            switch entry.map {
            case "egress_flows4": value.load(egress_flow4.self)?.half.last
            case "egress_flows6": value.load(egress_flow6.self)?.half.last
            case "egress_nat_fwd4": value.load(egress_half4.self)?.last
            case "egress_nat_fwd6": value.load(egress_half6.self)?.last
            case "egress_nat_rev4": value.load(egress_rev4.self)?.last
            case "egress_nat_rev6": value.load(egress_rev6.self)?.last
            default: nil
            }
        }
    }

    private static func merge<Value: BitwiseCopyable>(_ entry: MapEntry, _ map: RawMap, _ take: (inout Value, Value) -> Void) throws {
        guard let theirs = entry.value.withUnsafeBytes({ $0.load(Value.self) }), let there = try map.value(entry.key),
            var ours = there.withUnsafeBytes({ $0.load(Value.self) })
        else { return }
        take(&ours, theirs)
        let merged = octets(of: ours)
        if merged != there { try map.write(entry.key, merged, replacing: true) }
    }
}

extension egress_flow4 {
    fileprivate mutating func take(_ other: egress_flow4) {
        half.seen |= other.half.seen
        seen_in |= other.seen_in
    }
}

extension egress_flow6 {
    fileprivate mutating func take(_ other: egress_flow6) {
        half.seen |= other.half.seen
        seen_in |= other.seen_in
    }
}
