import CEgressABI
import CLibBPF
import EgressModel
import EgressPlan
import EgressPorts
import Glibc

/// Reads the ring buffer on a thread of its own; the programs write into it from the first to the last of its life.
final class DatapathWatch: EventWatch {
    private let datapath: BPFDatapath
    private let reader: EventReader

    init(_ datapath: BPFDatapath, _ take: @escaping @Sendable ([DatapathEvent], UInt64) -> Void) throws {
        self.datapath = datapath
        reader = try datapath.withLoaded { loaded in
            guard try loaded.tables.config.value(0)?.watched == 0 else { throw DatapathError("events are watched already") }
            // The descriptor lives as long as the datapath, and so longer than this.
            let reader = try EventReader(loaded.tables.events)
            _ = try loaded.unwatched()
            try loaded.setWatched(true)
            loaded.tellClosed = { take($0, 0) }
            return reader
        }
        do {
            try start(take)
        } catch {
            stopWriting()
            throw error
        }
    }

    private func start(_ take: @escaping @Sendable ([DatapathEvent], UInt64) -> Void) throws {
        try reader.start { [datapath] events in
            let (nodes, lost) = (try? datapath.withLoaded { try ($0.tables.nodeNumbers.addresses(), $0.unwatched()) }) ?? ([:], 0)
            let offset = Self.realtimeOffset()
            take(events.compactMap { DatapathEvent($0, nodes: nodes, offset: offset) }, lost)
        }
    }

    func end() {
        stopWriting()
        reader.stop()
    }

    private func stopWriting() {
        datapath.withLoaded { loaded in
            loaded.tellClosed = nil
            // The programs go on into a buffer that nobody reads if it fails, and lose what has no room: harmless.
            try? loaded.setWatched(false)
        }
    }

    /// Nanoseconds from the monotonic clock to 1970.
    private static func realtimeOffset() -> Int64 {
        var (wall, monotonic) = (timespec(), timespec())
        clock_gettime(CLOCK_REALTIME, &wall)
        clock_gettime(CLOCK_MONOTONIC, &monotonic)
        return (Int64(wall.tv_sec) - Int64(monotonic.tv_sec)) * 1_000_000_000 + Int64(wall.tv_nsec) - Int64(monotonic.tv_nsec)
    }
}

extension LoadedDatapath {
    fileprivate func setWatched(_ isWatched: Bool) throws {
        var config = try tables.config.value(0) ?? egress_config()
        config.watched = isWatched ? 1 : 0
        try tables.config.set(0, config)
    }

    /// Events that had no room since this was asked the last time.
    fileprivate func unwatched() throws -> UInt64 {
        let total = try tables.counts.sums(EGRESS_COUNT_UNWATCHED.rawValue).first ?? 0
        defer { toldUnwatched = total }
        return total &- toldUnwatched
    }
}

extension DatapathEvent {
    /// `nil` for a kind that this program doesn't know.
    init?(_ event: egress_event, nodes: [UInt32: IPAddress], offset: Int64) {
        let kinds: [UInt32: FlowEvent.Kind] = [
            EGRESS_EVENT_OPENED.rawValue: .opened, EGRESS_EVENT_CLOSED.rawValue: .closed, EGRESS_EVENT_DROPPED.rawValue: .dropped,
        ]
        guard let kind = kinds[UInt32(event.kind)] else { return nil }
        func end(_ address: egress_address6, _ port: UInt16) -> Endpoint? {
            IPAddress(mapped: address).map { Endpoint($0, UInt16(bigEndian: port)) }
        }
        self.init(
            time: (Int64(clamping: event.time) &+ offset) / 1000, kind: kind, transport: IPProtocol(event.protocol), reason: event.reason,
            interfaceIndex: Int(event.ifindex), policy: event.policy, entry: event.entry,
            peer: event.node == 0 ? nil : nodes[event.node] ?? IPAddress(wire4: event.node), source: end(event.source, event.source_port),
            remote: end(event.remote, event.remote_port), egress: end(event.egress, event.egress_port))
    }
}
