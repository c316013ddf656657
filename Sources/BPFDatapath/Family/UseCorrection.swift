import CEgressABI
import CLibBPF
import EgressModel

/// Puts counters right by what the collector's walks find: one that a helper died over, or that met no room.
///
/// Connections come and go while a walk is on, so what it found is trusted only where it lies outside of what the counter
/// said at its beginning and at its end, twice in a row and in the same direction; and then by the smaller of the two.
struct UseCorrection<Family: DatapathFamily> {
    private var atStart: [UseOwner: ConnectionUse] = [:]
    private var suspected: [UseOwner: ConnectionUse] = [:]

    /// A walk begins.
    mutating func begin(_ counters: [UseOwner: ConnectionUse]) { atStart = counters }

    /// A walk ended, and found `found`. Returns what is to be added, and whose counter has nothing to count.
    mutating func end(
        _ counters: [UseOwner: ConnectionUse], found: UseCounts
    ) -> (corrections: [UseOwner: ConnectionUse], idle: [UseOwner]) {
        var corrections: [UseOwner: ConnectionUse] = [:]
        var suspects: [UseOwner: ConnectionUse] = [:]
        var idle: [UseOwner] = []
        for owner in Set(counters.keys).union(found.uses.keys) {
            let (before, now) = (atStart[owner] ?? ConnectionUse(), counters[owner] ?? ConnectionUse())
            let use = found.uses[owner] ?? ConnectionUse()
            if before == ConnectionUse(), now == before, use == before {
                idle.append(owner)
                continue
            }
            let off = ConnectionUse(
                steered: Self.off(use.steered, before.steered, now.steered), others: Self.off(use.others, before.others, now.others))
            let last = suspected[owner] ?? ConnectionUse()
            let agreed = ConnectionUse(steered: Self.agreed(off.steered, last.steered), others: Self.agreed(off.others, last.others))
            if agreed != ConnectionUse() { corrections[owner] = agreed }
            suspects[owner] = off - agreed
        }
        suspected = suspects
        return (corrections, idle)
    }

    /// How far a number is outside of the two others.
    private static func off(_ found: Int32, _ before: Int32, _ now: Int32) -> Int32 {
        if found > max(before, now) { return found &- max(before, now) }
        return found < min(before, now) ? found &- min(before, now) : 0
    }

    private static func agreed(_ a: Int32, _ b: Int32) -> Int32 {
        if a > 0, b > 0 { return min(a, b) }
        return a < 0 && b < 0 ? max(a, b) : 0
    }

    /// In the kernel, since packets count at the same time.
    static func apply(_ object: BPFObject, _ owner: UseOwner, _ change: ConnectionUse) throws {
        var context = egress_correction()
        context.family = Family.family == .ipv4 ? 4 : 6
        switch owner {
        case .pod(let index): (context.of, context.key) = (EGRESS_USE_POD.rawValue, index)
        case .entry(let id): (context.of, context.key) = (EGRESS_USE_ENTRY.rawValue, id)
        }
        (context.steered, context.others) = (change.steered, change.others)
        let program = try object.program("egress_correct")
        try withUnsafeMutableBytes(of: &context) { bytes in
            var options = bpf_test_run_opts()
            options.sz = optionsSize(through: \bpf_test_run_opts.batch_size)
            options.ctx_in = UnsafeRawPointer(bytes.baseAddress)
            options.ctx_size_in = UInt32(bytes.count)
            try kernelCall("the counters of connections can't be written") { bpf_prog_test_run_opts(program, &options) }
        }
    }
}
