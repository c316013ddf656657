import CEgressABI
import CLibBPF

/// The collector's walk through one family's tables: see ``Collector``.
struct FamilyCollector<Family: DatapathFamily> {
    private var flows: BatchCursor?
    private var forward: BatchCursor?
    private var reverse: BatchCursor?
    private var census = Census<Family>()

    /// One round; `now` is seconds of the coarse monotonic clock. Returns how many connections went.
    mutating func round(_ tables: FamilyTables<Family>, program: Int32, now: UInt32) throws -> Int {
        var jobs: [Family.Collect] = []
        let limit = Collector.entriesPerRound
        try census.beginIfNew(tables)
        if flows == nil { census.flows.begins() }
        if forward == nil { census.forward.begins() }
        if reverse == nil { census.reverse.begins() }
        flows = try tables.flows.walk(from: flows, atMost: limit) { keys, values in
            for (key, flow) in zip(keys, values) {
                census.flows.meets { $0.count(flow) }
                guard Expiry.age(now: now, last: flow.half.last) >= Expiry.shortest else { continue }
                try Self.flowJob(key, flow, tables, now).map { jobs.append($0) }
            }
        }
        forward = try tables.forward.walk(from: forward, atMost: limit) { keys, values in
            for (key, half) in zip(keys, values) {
                census.forward.meets { $0.count(.entry(key.entry), steered: 1) }
                guard Expiry.age(now: now, last: half.last) >= Expiry.shortest else { continue }
                let reverseKey = FamilyTables<Family>.reverseKey(of: key, half)
                let other = try tables.reverse.value(reverseKey)
                Self.translationJob(key, half, reverseKey, other, now).map { jobs.append($0) }
            }
        }
        reverse = try tables.reverse.walk(from: reverse, atMost: limit) { keys, values in
            for (key, half) in zip(keys, values) {
                if half.isClaim { census.reverse.meets { $0.count(.entry(0), steered: 1) } }
                guard Expiry.age(now: now, last: half.last) >= Expiry.shortest else { continue }
                let job = half.isClaim ? Self.claimJob(key, half, now) : try Self.orphanJob(key, half, tables)
                job.map { jobs.append($0) }
            }
        }
        if flows == nil { census.flows.ends() }
        if forward == nil { census.forward.ends() }
        if reverse == nil { census.reverse.ends() }
        try census.endIfWhole(tables)
        return try jobs.reduce(0) { gone, job in
            let done = try Self.run(program, job)
            return gone + (done && job.step == EGRESS_COLLECT_DELETE.rawValue ? 1 : 0)
        }
    }

    private static func flowJob(
        _ key: Family.FlowKey, _ flow: Family.Flow, _ tables: FamilyTables<Family>, _ now: UInt32
    ) throws -> Family.Collect? {
        let isInbound = flow.kind == UInt8(EGRESS_FLOW_IN.rawValue)
        let opened = isInbound ? flow.seen_in : flow.half.seen
        var answered = isInbound ? flow.half.seen : flow.seen_in
        // Open before we came: as if we had seen its answers.
        if flow.kind == UInt8(EGRESS_FLOW_EXEMPT.rawValue) { answered |= UInt8(EGRESS_SEEN_REPLY.rawValue) }
        var job = job(EGRESS_COLLECT_FLOW)
        var isDying = flow.half.isDying
        var last = flow.half.last
        if flow.isTranslation {
            job.rev = FamilyTables<Family>.reverseKey(of: FamilyTables<Family>.forwardKey(of: key, entry: flow.entry), flow.half)
            if let other = try tables.reverse.value(job.rev) {
                job.rev_last = other.last
                last = max(last, other.last)
                answered |= other.seen
                isDying = isDying && other.flags & UInt8(EGRESS_NAT_DYING.rawValue) != 0
            }
        }
        let timeout = Expiry.timeout(protocol: key.protocol, opened: opened, answered: answered)
        guard Expiry.age(now: now, last: last) >= timeout else { return nil }
        job.step = step(isDying)
        job.last = flow.half.last
        job.flow = key
        return job
    }

    private static func translationJob(
        _ key: Family.ForwardKey, _ half: Family.Half, _ reverseKey: Family.ReverseKey, _ other: Family.Reverse?, _ now: UInt32
    ) -> Family.Collect? {
        let timeout = Expiry.timeout(protocol: key.protocol, opened: half.seen, answered: other?.seen ?? 0)
        guard Expiry.age(now: now, last: max(half.last, other?.last ?? 0)) >= timeout else { return nil }
        var job = job(EGRESS_COLLECT_NAT)
        job.step = step(half.isDying && other?.flags != 0)
        job.last = half.last
        job.rev_last = other?.last ?? 0
        job.fwd = key
        job.rev = reverseKey
        return job
    }

    /// A reverse half that no forward half emits: its owner died between two writes.
    private static func orphanJob(
        _ key: Family.ReverseKey, _ half: Family.Reverse, _ tables: FamilyTables<Family>
    ) throws -> Family.Collect? {
        let forwardKey = FamilyTables<Family>.forwardKey(of: key, half)
        let other: Family.Half? =
            if half.ifindex == 0 {
                try tables.forward.value(forwardKey)
            } else {
                try tables.flows.value(FamilyTables<Family>.flowKey(of: forwardKey)).flatMap { $0.isTranslation ? $0.half : nil }
            }
        if let other, Family.address(other.egress) == Family.address(key.egress), other.egress_port == key.egress_port { return nil }
        var job = job(EGRESS_COLLECT_ORPHAN)
        job.step = step(half.flags & UInt8(EGRESS_NAT_DYING.rawValue) != 0)
        job.rev_last = half.last
        job.fwd = forwardKey
        job.rev = key
        return job
    }

    /// Another's connection from a port of a shared address; the node opened it, as far as we know.
    private static func claimJob(_ key: Family.ReverseKey, _ half: Family.Reverse, _ now: UInt32) -> Family.Collect? {
        let opened = UInt8(truncatingIfNeeded: half.source_port)
        let timeout = Expiry.timeout(protocol: key.protocol, opened: opened, answered: half.seen)
        guard Expiry.age(now: now, last: half.last) >= timeout else { return nil }
        var job = job(EGRESS_COLLECT_ORPHAN)
        job.step = step(half.flags & UInt8(EGRESS_NAT_DYING.rawValue) != 0)
        job.rev_last = half.last
        job.fwd = FamilyTables<Family>.forwardKey(of: key, half)
        job.rev = key
        return job
    }

    private static func job(_ table: egress_collect_table) -> Family.Collect {
        var job = Family.Collect()
        job.table = table.rawValue
        return job
    }

    private static func step(_ isDying: Bool) -> UInt32 {
        (isDying ? EGRESS_COLLECT_DELETE : EGRESS_COLLECT_MARK).rawValue
    }

    private static func run(_ program: Int32, _ job: Family.Collect) throws -> Bool {
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

extension ReverseLayout {
    /// No translation, but another's connection on a port of a shared address.
    var isClaim: Bool { entry == 0 }
}

extension HalfLayout {
    var isDying: Bool { flags & UInt8(EGRESS_NAT_DYING.rawValue) != 0 }
}
