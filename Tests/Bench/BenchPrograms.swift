import CLibBPF
import EgressModel
import Glibc
import TestKit

/// The object of `bpf/test/egress_bench.bpf.c`, loaded.
final class BenchPrograms {
    /// As `struct bench_plan`, behind the frame.
    struct Tail {
        var sum: UInt32 = 0
        var isNew: UInt32 = 0
        var isIPv6: UInt32 = 0
        var out: UInt32 = 0
        var remote: UInt32 = 0
        var vni: UInt32 = 1
    }

    private let object: OpaquePointer

    init() throws {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        guard let object = bpf_object__open_file(root + "/.build/bpf/egress_bench.bpf.o", nil) else {
            throw TestKitError("no bench programs: run `make bpf`")
        }
        self.object = object
        try check("load", bpf_object__load(object))
    }

    deinit {
        bpf_object__close(object)
    }

    func program(_ name: String) throws -> Int32 {
        guard let program = bpf_object__find_program_by_name(object, name) else { throw TestKitError("no program \(name)") }
        return bpf_program__fd(program)
    }

    private func map(_ name: String) -> Int32 { bpf_object__find_map_fd_by_name(object, name) }

    private func check(_ what: String, _ result: Int32) throws {
        guard result < 0 else { return }
        throw TestKitError("\(what): \(String(cString: strerror(-result)))")
    }

    /// What the generator sends, and where the redirecting programs of the node with the pod send it.
    func send(_ frame: BenchFrame, isNew: Bool = false, answers: Bool = false, out: Int = 0) throws {
        let tail = Tail(
            sum: frame.sumWithoutPorts, isNew: isNew ? 1 : 0, isIPv6: frame.family == .ipv6 ? 1 : 0, out: UInt32(out),
            remote: try BenchFamily.address(BenchFamily.gateway).ipv4Bits ?? 0)
        let ports = (BenchFrame.podPort, BenchFrame.serverPort)
        let octets = frame.octets(sourcePort: answers ? ports.1 : ports.0, destinationPort: answers ? ports.0 : ports.1)
        try setPlan(0, octets, tail)
    }

    /// Where the redirecting program of the gateway sends.
    func sendOnGateway(out: Int) throws {
        try setPlan(1, [UInt8](repeating: 0, count: BenchFrame.length), Tail(out: UInt32(out)))
    }

    private func setPlan(_ which: UInt32, _ frame: [UInt8], _ tail: Tail) throws {
        var key = which
        let value = frame + withUnsafeBytes(of: tail) { Array($0) }
        try check("plan", bpf_map_update_elem(map("bench_plan"), &key, value, 0))
    }

    func sendInto(_ index: Int) throws {
        var (key, value) = (UInt32(0), UInt32(index))
        try check("device", bpf_map_update_elem(map("bench_device"), &key, &value, 0))
    }

    func attachPass(_ index: Int) throws {
        try check("xdp", bpf_xdp_attach(Int32(index), program("bench_pass"), 1 << 2, nil))
    }

    /// At the interface's tc ingress.
    func attach(_ name: String, _ index: Int) throws {
        var hook = bpf_tc_hook()
        hook.sz = 20
        hook.ifindex = Int32(index)
        hook.attach_point = BPF_TC_INGRESS
        let made = bpf_tc_hook_create(&hook)
        if made != -EEXIST { try check("clsact", made) }
        var options = bpf_tc_opts()
        options.sz = 28
        options.prog_fd = try program(name)
        options.priority = 1
        options.handle = 1
        try check("tc", bpf_tc_attach(&hook, &options))
    }

    func arrived() throws -> UInt64 {
        var (key, value) = (UInt32(1), UInt64(0))
        try check("counts", bpf_map_lookup_elem(map("bench_counts"), &key, &value))
        return value
    }

    /// Sends so many packets; returns when the kernel has taken the last.
    func generate(_ packets: UInt64) throws {
        let program = try program("bench_generate")
        let room = [UInt8](repeating: 0, count: BenchFrame.length)
        var options = bpf_test_run_opts()
        options.sz = 80
        options.repeat = Int32(packets)
        options.flags = UInt32(BPF_F_TEST_XDP_LIVE_FRAMES)
        options.batch_size = 64
        let result = room.withUnsafeBytes { bytes in
            options.data_in = bytes.baseAddress
            options.data_size_in = UInt32(bytes.count)
            return bpf_prog_test_run_opts(program, &options)
        }
        try check("generator", result)
    }

    /// Generates and waits for the sink. `nil` when not every packet arrived.
    func measure(_ packets: UInt64) throws -> Double? {
        let before = try arrived()
        let time = ProcessorTime()
        try generate(packets)
        guard try arrive(before + packets) else { return nil }
        return time.elapsed / Double(packets)
    }

    /// The last batches may still be on their way when the generator returns.
    private func arrive(_ total: UInt64) throws -> Bool {
        let end = ContinuousClock.now + .milliseconds(500)
        while try arrived() < total {
            guard ContinuousClock.now < end else { return false }
            sched_yield()
        }
        return try arrived() == total
    }
}
