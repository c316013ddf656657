import CEgressABI
import CLibBPF
import EgressModel
import EgressPlan
import EgressPorts
import Glibc

/// The programs a second time, with maps of their own, and one packet through them. Everything goes with it.
final class TraceRun {
    private let probe: TraceProbe
    private let needs: TraceNeeds
    private let object: BPFObject
    private let tables: Tables

    /// What a program returned, the frame and the mark afterwards.
    private typealias Outcome = (code: UInt32, left: [UInt8], mark: UInt32)
    private static let shot: UInt32 = 2
    private static let redirect: UInt32 = 7

    init(_ probe: TraceProbe, _ needs: TraceNeeds) throws {
        self.probe = probe
        self.needs = needs
        object = try BPFObject.loadEmbedded(mapFolder: nil, capacity: needs.connections, isTrace: true)
        tables = try Tables(object)
        try needs.fill(tables)
    }

    func result(_ names: FlowNames) throws -> TraceResult {
        let frame = try TraceFrame(probe, token: token)
        let texts = TraceTexts(names: names, nodes: try tables.nodeNumbers.addresses(), request: probe.request)
        var (code, left, mark) = try enter(frame.bytes)
        var steps = try recorded()
        var told = steps.compactMap(texts.step)
        if try counted(EGRESS_COUNT_STACKED.rawValue) {
            told.append(texts.stack(mark: needs.config.stack_mark, tunnel: needs.config.tunnel_ifindex))
            try forgetAnswers()
            (code, left, mark) = try run("egress_stack", TraceFrame.forwarded(left), stackContext(mark))
            let before = steps.count
            steps = try recorded()
            told += steps.dropFirst(before).compactMap(texts.step)
        }
        let (verdict, reason) = try verdict(code)
        let rule = steps.last { $0.kind == EGRESS_TRACE_RULE && $0.isFound }.flatMap { $0.value(egress_rule.self) }
        let out = try leaving(steps)
        return TraceResult(
            node: names.node, verdict: verdict, code: reason.map { .drop(Int($0)) },
            source: Endpoint(probe.source, probe.request.sourcePort), destination: probe.request.destination,
            transport: probe.request.transport, egress: verdict == .translated ? TraceFrame.source(of: left) : nil,
            policy: rule.flatMap { names.policy(slot: $0.policy) },
            gatewayNode: verdict == .tunnelled ? out.map { texts.node($0.gateway) } : nil, entry: verdict == .tunnelled ? out?.entry : nil,
            steps: told, given: hex(frame.bytes, hidesToken: isTunnel),
            left: verdict == .dropped ? "" : hex(left, hidesToken: isTunnel || verdict == .tunnelled))
    }

    private var isTunnel: Bool {
        if case .tunnel = probe.entrance { return true }
        return false
    }

    /// As it lies in the frame: each half begins like a local unicast MAC address.
    private var token: [UInt8] {
        guard isTunnel, needs.config.token_count > 0 else { return [] }
        let octets = withUnsafeBytes(of: needs.config.tokens) { Array($0.prefix(TunnelToken.length)) }
        return octets.enumerated().map { $0.offset % 6 == 0 ? $0.element & 0xfc | 0x02 : $0.element }
    }

    /// Where the packet comes in.
    private func enter(_ frame: [UInt8]) throws -> Outcome {
        var context = __sk_buff()
        context.ifindex = needs.attachIndex
        context.ingress_ifindex = needs.attachIndex
        var program = "egress_pod"
        if case .tunnel(let from, let entry, _) = probe.entrance {
            program = "egress_trace_in"
            let outer = from.mapped
            context.cb = (entry, outer.word.0, outer.word.1, outer.word.2, outer.word.3)
        }
        return try run(program, frame, context)
    }

    /// What the first program asked of ranges and rules its processor remembers for a moment, and by the next generation no
    /// longer: so each lookup of the second is a step too.
    private func forgetAnswers() throws {
        var config = needs.config
        config.generation &+= 1
        try tables.config.set(0, config)
    }

    /// At the tunnel device's egress, from the device that the stack got it by.
    private func stackContext(_ mark: UInt32) -> __sk_buff {
        var context = __sk_buff()
        context.ifindex = needs.config.tunnel_ifindex
        context.ingress_ifindex = needs.pods.first?.1.deliver_ifindex ?? needs.attachIndex
        context.mark = mark
        return context
    }

    private func run(_ program: String, _ frame: [UInt8], _ given: __sk_buff) throws -> Outcome {
        let descriptor = try object.program(program)
        var context = given
        var out = [UInt8](repeating: 0, count: frame.count + 256)
        let (code, left) = try withUnsafeMutableBytes(of: &context) { context in
            try out.withUnsafeMutableBytes { room in
                try frame.withUnsafeBytes { packet in
                    var options = bpf_test_run_opts()
                    options.sz = optionsSize(through: \bpf_test_run_opts.batch_size)
                    options.data_in = packet.baseAddress
                    options.data_size_in = UInt32(packet.count)
                    options.data_out = room.baseAddress
                    options.data_size_out = UInt32(room.count)
                    options.ctx_in = UnsafeRawPointer(context.baseAddress)
                    options.ctx_size_in = UInt32(context.count)
                    options.ctx_out = context.baseAddress
                    options.ctx_size_out = UInt32(context.count)
                    try kernelCall("the trace can't be run", hint: "its interface may just have gone: ask again") {
                        bpf_prog_test_run_opts(descriptor, &options)
                    }
                    return (options.retval, Array(room.prefix(Int(options.data_size_out))))
                }
            }
        }
        return (code, left, context.mark)
    }

    private func recorded() throws -> [RecordedStep] {
        let trace: BPFTable<UInt32, egress_trace_step> = try object.table("egress_trace")
        var steps: [RecordedStep] = []
        for index in 0..<UInt32(EGRESS_TRACE_STEPS) {
            guard let step = try trace.value(index), step.what != 0 else { break }
            steps.append(RecordedStep(step))
        }
        return steps
    }

    private func counted(_ number: UInt32) throws -> Bool { try tables.counts.sums(number).first ?? 0 > 0 }

    /// What the counters of this instance moved by says more than the program's return.
    private func verdict(_ code: UInt32) throws -> (TraceResult.Verdict, UInt32?) {
        switch code {
        case Self.shot: return (.dropped, try (1..<UInt32(EGRESS_DROPS.rawValue)).first(where: counted))
        case Self.redirect:
            if try counted(EGRESS_COUNT_TRANSLATED.rawValue) { return (.translated, nil) }
            return (try counted(EGRESS_COUNT_TUNNELLED.rawValue) ? .tunnelled : .delivered, nil)
        default: return (.passed, nil)
        }
    }

    /// By which entry and node a packet went into the tunnel: those of its record, made by it or met.
    private func leaving(_ steps: [RecordedStep]) throws -> (entry: UInt32, gateway: UInt32)? {
        let record = steps.last { $0.kind == EGRESS_TRACE_FLOW && ($0.isFound || $0.isWrite) }
        guard let record else { return nil }
        if record.isIPv6 { return record.value(egress_flow6.self).map { ($0.entry, $0.half.node) } }
        return record.value(egress_flow4.self).map { ($0.entry, $0.half.node) }
    }

    private func hex(_ bytes: [UInt8], hidesToken: Bool) -> String {
        bytes.enumerated().map { at, octet in
            let shown = hidesToken && at < TunnelToken.length ? 0 : octet
            return (shown < 16 ? "0" : "") + String(shown, radix: 16)
        }.joined()
    }
}
