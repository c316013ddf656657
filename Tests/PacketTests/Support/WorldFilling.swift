import CEgressABI
import CLibBPF
import Glibc

@testable import BPFDatapath

extension World {
    /// New translations that took so many tries beyond the first.
    func connectionsMade(withTries tries: UInt32) throws -> UInt64? {
        try datapath.withLoaded { try $0.tables.tries.sums(tries).first }
    }

    /// Fills the table of connections to its last place with those of nobody.
    func fillFlows() throws {
        try datapath.withLoaded { loaded in
            var key = egress_flow_key4()
            let flows = loaded.tables.ipv4.flows
            let used = try flows.countByWalking()
            for number in used..<flows.capacity {
                key.remote.word = UInt32(number)
                try flows.set(key, egress_flow4())
            }
        }
    }

    /// Fills the reverse halves; the last `room` places stay free.
    func fillReverseHalves(room: Int) throws {
        try datapath.withLoaded { loaded in
            let table = loaded.tables.ipv4.reverse
            let used = try table.countByWalking()
            for number in 0..<(table.capacity - used - room) { try table.set(Self.nobody(number), egress_rev4()) }
        }
    }

    func removeFilling(_ number: Int) throws {
        _ = try datapath.withLoaded { try $0.tables.ipv4.reverse.remove(Self.nobody(number)) }
    }

    private static func nobody(_ number: Int) -> egress_rev_key4 {
        var key = egress_rev_key4()
        key.remote.word = UInt32(number)
        return key
    }
}

extension World {
    /// The clock of the datapath, in seconds.
    func clock() throws -> UInt32 {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC_COARSE, &now)
        return UInt32(truncatingIfNeeded: now.tv_sec)
    }

    /// One round of the collector, as if it were `now`.
    @discardableResult
    func collect(at now: UInt32) throws -> Int {
        try datapath.withLoaded { try $0.collectGarbage(now: now) }
    }

    /// As if the helper had died between two writes.
    func loseForwardHalves() throws {
        try datapath.withLoaded { loaded in
            for key in try loaded.tables.ipv4.forward.keys() { try loaded.tables.ipv4.forward.remove(key) }
        }
    }
}
