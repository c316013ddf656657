import CLibBPF
import Glibc
import TestKit

/// The object of `bpf/test/egress_bench.bpf.c`, loaded.
final class BenchPrograms {
    /// As `struct bench_plan`, behind the frame.
    struct PlanTail {
        var sum: UInt32
        var isNew: UInt32
        var out: UInt32
        var reserved: UInt32 = 0
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

    private func program(_ name: String) throws -> Int32 {
        guard let program = bpf_object__find_program_by_name(object, name) else { throw TestKitError("no program \(name)") }
        return bpf_program__fd(program)
    }

    private func map(_ name: String) -> Int32 { bpf_object__find_map_fd_by_name(object, name) }

    private func check(_ what: String, _ result: Int32) throws {
        guard result < 0 else { return }
        throw TestKitError("\(what): \(String(cString: strerror(-result)))")
    }

    func setPlan(frame: [UInt8], _ tail: PlanTail) throws {
        var key: UInt32 = 0
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
        let room = [UInt8](repeating: 0, count: 64)
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
}
