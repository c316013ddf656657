import CEgressABI
import Glibc

/// Takes over what a helper with another layout of the maps left, while packets flow.
///
/// 1. ``copy()``: everything, while the old programs go on; ours refuse new connections as soon as one of them runs.
/// 2. The caller makes every attachment run our programs. Connections that were copied go on by either; one that was opened
///    after it was this table's turn waits, as one does whose first packet meets a program of ours: TCP sends again.
/// 3. ``finish()``: what the old programs wrote in between; then their maps go, and new connections are let in.
///
/// New connections are refused for so long since two generations of programs would give the same port out twice. A helper
/// that ends in the middle leaves the old maps, and the next one begins again.
struct LayoutUpgrade {
    enum Step: Sendable, Hashable {
        /// Maps are copied, old programs run.
        case copied
        /// Our programs run, and refuse new connections.
        case swapped
    }

    private struct Source {
        let map: RawMap
        let convert: LayoutConversion.Convert
    }

    private let folder: PinFolder
    private let old: OlderMaps
    private let connections: [Source]
    private let others: [Source]
    private let object: BPFObject
    private var targets: [String: RawMap] = [:]
    /// When copying began, in seconds of the coarse monotonic clock.
    private var began: UInt32 = 0
    private(set) var takeover: LayoutTakeover

    /// The newest layout beside ours that can be taken over; `nil`: there is none.
    init?(toward own: PinFolder, conversions: [Int: LayoutConversion], object: BPFObject) throws {
        let candidates = try own.others().sorted { ($0.version ?? 0) > ($1.version ?? 0) }
        for folder in candidates {
            guard let version = folder.version, let conversion = conversions[version] else { continue }
            let old = try OlderMaps(folder, names: conversion.maps.keys)
            guard !old.byName.isEmpty else { continue }
            self.init(folder, old, conversion, version, object)
            return
        }
        return nil
    }

    private init(_ folder: PinFolder, _ old: OlderMaps, _ conversion: LayoutConversion, _ version: Int, _ object: BPFObject) {
        self.folder = folder
        self.old = old
        self.object = object
        let sources = conversion.maps.sorted { $0.key < $1.key }.compactMap { name, convert in
            old.byName[name].map { Source(map: $0, convert: convert) }
        }
        connections = sources.filter { Self.holdsConnections($0.map.name) }.sorted { Self.rank($0.map.name) < Self.rank($1.map.name) }
        others = sources.filter { !Self.holdsConnections($0.map.name) }
        takeover = LayoutTakeover(version: version)
    }

    /// In the order in which entries are made: a port is claimed by its reverse half.
    private static let connectionMaps = ["egress_nat_rev", "egress_nat_fwd", "egress_flows"]

    private static func rank(_ name: String) -> Int { connectionMaps.firstIndex { name.hasPrefix($0) } ?? connectionMaps.count }
    private static func holdsConnections(_ name: String) -> Bool { rank(name) < connectionMaps.count }

    /// Never fails: a helper that starts without what was there is better than none.
    mutating func copy() {
        attempt { upgrade throws(any Error) in
            upgrade.began = try coarseSeconds()
            // What the helper wrote hasn't changed since it ended, so that writing it again is harmless.
            for source in upgrade.others { try upgrade.each(source) { try $0.write($1.key, $1.value, replacing: true) } }
            try upgrade.takeConnections(since: nil)
        }
    }

    mutating func finish() {
        if takeover.failure == nil { attempt { upgrade throws(any Error) in try upgrade.takeConnections(since: upgrade.began) } }
        // From here on there is nothing to begin again with.
        for name in old.byName.keys { unlink("\(folder.maps)/\(name)") }
    }

    private mutating func attempt(_ body: (inout LayoutUpgrade) throws -> Void) {
        do {
            try body(&self)
        } catch {
            takeover.failure = "\(error)"
        }
    }

    /// Programs write the time of a connection's last packet so late at most, in seconds (`EGRESS_WAY_JIFFIES`, rounded up).
    private static let longestDelay: UInt32 = 4

    /// `since`: those that were heard of since then, as new connections wait for it.
    private mutating func takeConnections(since: UInt32?) throws {
        var (taken, lost) = (0, 0)
        for source in connections {
            try each(source) { target, entry in
                if let since, let last = SeenFlags.last(entry), Expiry.age(now: since, last: last) > Self.longestDelay { return }
                switch try target.write(entry.key, entry.value, replacing: false) {
                case .written: taken += 1
                case .full: lost += 1
                case .wasThere: try SeenFlags.merge(entry, into: target)
                }
            }
        }
        takeover.entries += taken
        takeover.lost = lost
    }

    private mutating func each(_ source: Source, _ body: (RawMap, MapEntry) throws -> Void) throws {
        var targets = targets
        try source.map.walk { key, value in
            guard var entry = try source.convert(key, value, old) else { return }
            if entry.map == "egress_config" { entry.value = Self.refusingNew(entry.value) }
            let target = try targets[entry.map] ?? object.rawMap(entry.map)
            targets[entry.map] = target
            try body(target, entry)
        }
        self.targets = targets
    }

    /// The same configuration, by which new connections wait.
    private static func refusingNew(_ value: [UInt8]) -> [UInt8] {
        guard var config = value.withUnsafeBytes({ $0.load(egress_config.self) }) else { return value }
        config.upgrading = 1
        return octets(of: config)
    }
}
