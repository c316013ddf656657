import CLibBPF
import EgressPlan
import Glibc
import TestKit

@testable import BPFDatapath

/// One packet through one program, as the kernel would give it: with a mark, from an interface.
struct TestRun {
    var program: Int32
    var interface: Int
    /// Where it came in; 0: from a socket of the node.
    var cameFrom = 0
    var mark: UInt32 = 0

    struct Result {
        var verdict: UInt32
        var mark: UInt32
        var bytes: [UInt8]
    }

    func run(_ frame: [UInt8]) throws -> Result {
        var context = __sk_buff()
        context.ifindex = UInt32(interface)
        context.ingress_ifindex = UInt32(cameFrom)
        context.mark = mark
        var after = __sk_buff()
        var out = [UInt8](repeating: 0, count: frame.count + 256)
        var options = bpf_test_run_opts()
        options.sz = optionsSize(through: \bpf_test_run_opts.batch_size)
        let result = withUnsafeMutableBytes(of: &context) { context in
            withUnsafeMutableBytes(of: &after) { after in
                out.withUnsafeMutableBytes { room in
                    frame.withUnsafeBytes { packet in
                        options.data_in = packet.baseAddress
                        options.data_size_in = UInt32(packet.count)
                        options.data_out = room.baseAddress
                        options.data_size_out = UInt32(room.count)
                        options.ctx_in = UnsafeRawPointer(context.baseAddress)
                        options.ctx_size_in = UInt32(context.count)
                        options.ctx_out = after.baseAddress
                        options.ctx_size_out = UInt32(after.count)
                        return bpf_prog_test_run_opts(program, &options)
                    }
                }
            }
        }
        guard result == 0 else { throw TestKitError("test run: \(String(cString: strerror(-result)))") }
        return Result(verdict: options.retval, mark: after.mark, bytes: Array(out.prefix(Int(options.data_size_out))))
    }
}

extension World {
    func program(_ name: String) throws -> Int32 { try datapath.withLoaded { try $0.object.program(name) } }

    /// What moved of the counters while `body` ran.
    func counting(_ body: () throws -> Void) throws -> [String: UInt64] {
        let before = try datapath.counters()
        try body()
        let moved = zip(before, try datapath.counters()).filter { $0.packets != $1.packets }
        return Dictionary(uniqueKeysWithValues: moved.map { ($1.name, $1.packets - $0.packets) })
    }
}

extension World {
    /// The program that gives a run the tunnel key of a hook, then calls the tunnel's program.
    func tunnelEntrance(_ hook: Hook) throws -> Int32 {
        guard case .tunnel(let vni, let outer) = hook else { throw TestKitError("no tunnel: \(hook)") }
        return try entering(vni, outer)
    }
}
