import CEgressABI
import CLibBPF
import Glibc

/// Removes connections that timed out, in two rounds: the first marks them dying, a later one deletes those that no
/// packet has touched since. Marking and deleting are done by a program in the kernel, which compares first.
struct Collector {
    /// Entries of a table that one round looks at; the next goes on from there.
    static let entriesPerRound = 65_536

    private var flows: BatchCursor?
    private var forward: BatchCursor?
    private var reverse: BatchCursor?

    /// One round; `now` is seconds of the coarse monotonic clock. Returns how many connections went.
    mutating func round(_ datapath: LoadedDatapath, now: UInt32) throws -> Int {
        let program = try datapath.object.program("egress_collect")
        var jobs: [egress_collect] = []
        flows = try datapath.tables.flows.walk(from: flows, atMost: Self.entriesPerRound) { keys, values in
            for (key, flow) in zip(keys, values) { Self.flowJob(key, flow, now).map { jobs.append($0) } }
        }
        forward = try datapath.tables.forward.walk(from: forward, atMost: Self.entriesPerRound) { keys, values in
            for (key, half) in zip(keys, values) where Expiry.age(now: now, last: half.last) >= Expiry.shortest {
                let reverseKey = egress_rev_key(of: key, half)
                let other = try datapath.tables.reverse.value(reverseKey)
                Self.translationJob(key, half, reverseKey, other, now).map { jobs.append($0) }
            }
        }
        reverse = try datapath.tables.reverse.walk(from: reverse, atMost: Self.entriesPerRound) { keys, values in
            for (key, half) in zip(keys, values) where Expiry.age(now: now, last: half.last) >= Expiry.shortest {
                let forwardKey = egress_fwd_key(of: key, half)
                let other = try datapath.tables.forward.value(forwardKey)
                Self.orphanJob(key, half, forwardKey, other).map { jobs.append($0) }
            }
        }
        return try jobs.reduce(0) { gone, job in
            let done = try Self.run(program, job)
            return gone + (done && job.step == EGRESS_COLLECT_DELETE.rawValue ? 1 : 0)
        }
    }

    private static func flowJob(_ key: egress_flow_key, _ flow: egress_flow, _ now: UInt32) -> egress_collect? {
        let isInbound = flow.kind == UInt8(EGRESS_FLOW_IN.rawValue)
        let opened = isInbound ? flow.seen_in : flow.seen_out
        var answered = isInbound ? flow.seen_out : flow.seen_in
        // Open before we came: as if we had seen its answers.
        if flow.kind == UInt8(EGRESS_FLOW_EXEMPT.rawValue) { answered |= UInt8(EGRESS_SEEN_REPLY.rawValue) }
        let timeout = Expiry.timeout(protocol: key.protocol, opened: opened, answered: answered)
        guard Expiry.age(now: now, last: flow.last) >= timeout else { return nil }
        var job = job(EGRESS_COLLECT_FLOW, isDying: flow.flags != 0)
        job.last = flow.last
        job.flow = key
        return job
    }

    private static func translationJob(
        _ key: egress_fwd_key, _ half: egress_fwd, _ reverseKey: egress_rev_key, _ other: egress_rev?, _ now: UInt32
    ) -> egress_collect? {
        let timeout = Expiry.timeout(protocol: key.protocol, opened: half.seen, answered: other?.seen ?? 0)
        guard Expiry.age(now: now, last: max(half.last, other?.last ?? 0)) >= timeout else { return nil }
        var job = job(EGRESS_COLLECT_NAT, isDying: half.flags != 0 && other?.flags != 0)
        job.last = half.last
        job.rev_last = other?.last ?? 0
        job.fwd = key
        job.rev = reverseKey
        return job
    }

    /// A reverse half that no forward half emits: its owner died between two writes.
    private static func orphanJob(
        _ key: egress_rev_key, _ half: egress_rev, _ forwardKey: egress_fwd_key, _ other: egress_fwd?
    ) -> egress_collect? {
        if let other, other.egress_ipv4 == key.egress_ipv4, other.egress_port == key.egress_port { return nil }
        var job = job(EGRESS_COLLECT_ORPHAN, isDying: half.flags != 0)
        job.rev_last = half.last
        job.fwd = forwardKey
        job.rev = key
        return job
    }

    private static func job(_ table: egress_collect_table, isDying: Bool) -> egress_collect {
        var job = egress_collect()
        job.step = (isDying ? EGRESS_COLLECT_DELETE : EGRESS_COLLECT_MARK).rawValue
        job.table = table.rawValue
        return job
    }

    private static func run(_ program: Int32, _ job: egress_collect) throws -> Bool {
        var context = job
        return try withUnsafeMutableBytes(of: &context) { bytes in
            var options = bpf_test_run_opts()
            options.sz = optionsSize(through: \bpf_test_run_opts.batch_size)
            options.ctx_in = UnsafeRawPointer(bytes.baseAddress)
            options.ctx_size_in = UInt32(bytes.count)
            try kernelCall("the collector's program can't be run") { bpf_prog_test_run_opts(program, &options) }
            return options.retval != 0
        }
    }
}

extension LoadedDatapath {
    func collectGarbage() throws -> Int {
        var now = timespec()
        guard clock_gettime(CLOCK_MONOTONIC_COARSE, &now) == 0 else { throw DatapathError("the clock can't be read", errno: errno) }
        return try collectGarbage(now: UInt32(truncatingIfNeeded: now.tv_sec))
    }

    /// `now`: seconds of the coarse monotonic clock.
    func collectGarbage(now: UInt32) throws -> Int {
        try collector.round(self, now: now)
    }
}
