import CLibBPF
import EgressModel
import Glibc
import TestKit

/// A program that is run on one packet again and again, without a network around it.
struct TestRun {
    private let program: Int32
    private let interface: Int
    private let frame: [UInt8]

    init(_ name: String, of ours: PinnedDatapath, interface: Int, _ frame: [UInt8]) throws {
        try self.init(bpf_obj_get("\(ours.maps)/programs/\(name)"), interface: interface, frame, name)
    }

    init(_ program: Int32, interface: Int, _ frame: [UInt8], _ name: String) throws {
        guard program >= 0 else { throw TestKitError("program \(name): \(String(cString: strerror(errno)))") }
        self.program = program
        self.interface = interface
        self.frame = frame
    }

    /// Nanoseconds of processor time a run. The packet must come out as it went in: each run gets what the last one left.
    func cost(runs: Int32 = 200_000) throws -> Double {
        var context = __sk_buff()
        context.ifindex = UInt32(interface)
        context.ingress_ifindex = UInt32(interface)
        let time = ProcessorTime()
        let verdict = try withUnsafeBytes(of: &context) { context in
            try frame.withUnsafeBytes { packet in
                var options = bpf_test_run_opts()
                options.sz = 80
                options.data_in = packet.baseAddress
                options.data_size_in = UInt32(packet.count)
                options.ctx_in = context.baseAddress
                options.ctx_size_in = UInt32(context.count)
                options.repeat = runs
                let result = bpf_prog_test_run_opts(program, &options)
                guard result == 0 else { throw TestKitError("test run: \(String(cString: strerror(-result)))") }
                return options.retval
            }
        }
        let elapsed = time.elapsed
        guard verdict == UInt32.max else { throw TestKitError("test run: a packet that isn't ours got verdict \(verdict)") }
        return elapsed / Double(runs)
    }
}
