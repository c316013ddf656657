import CLibBPF
import TestKit

/// Octets of the stack that a program uses with all that it calls, as kernels count it that round each function's frame up to 32
/// (`check_max_stack_depth` of kernel/bpf/verifier.c; since 6.9 it is 16 where programs are compiled to machine code).
///
/// Read from what the verifier says after a load: the frames of the program and of each of its functions, in their order.
struct StackUse {
    static let limit = 512
    private static let grain = 32

    /// Frames in octets.
    private let frames: [Int]
    /// Where each function begins, in instructions.
    private let starts: [Int]
    /// What it calls, by number.
    private let calls: [[Int]]

    /// - Parameters:
    ///   - log: the verifier's, of a load with statistics: `stack depth 96+32+0`.
    ///   - instructions: as they were loaded, eight octets each.
    init(log: String, instructions: [UInt64]) throws {
        guard let line = log.split(separator: "\n").last(where: { $0.hasPrefix("stack depth ") }) else {
            throw TestKitError("the verifier's log says nothing of the stack: \(log.suffix(200))")
        }
        frames = line.dropFirst("stack depth ".count).prefix { $0 != " " }.split(separator: "+").compactMap { Int($0) }
        let targets = instructions.indices.map { Self.target(of: instructions[$0], at: $0) }
        let starts = Set(targets.compactMap(\.self)).union([0]).sorted()
        guard starts.count == frames.count else { throw TestKitError("\(starts.count) functions have \(frames.count) frames: \(line)") }
        var numbers: [Int: Int] = [:]
        for (number, start) in starts.enumerated() { numbers[start] = number }
        calls = starts.indices.map { number in
            let end = number + 1 < starts.count ? starts[number + 1] : instructions.count
            return Set(targets[starts[number]..<end].compactMap(\.self)).compactMap { numbers[$0] }
        }
        self.starts = starts
    }

    /// Of a call of another function of the program (`BPF_JMP | BPF_CALL` with BPF_PSEUDO_CALL) the place of that function.
    private static func target(of instruction: UInt64, at place: Int) -> Int? {
        guard instruction & 0xff == 0x85, instruction >> 12 & 0xf == 1 else { return nil }
        return place + 1 + Int(Int32(truncatingIfNeeded: instruction >> 32))
    }

    /// Of the longest chain of calls. The verifier refuses recursion, and more than eight frames.
    var deepest: Int { depth(0, left: 8) }

    private func depth(_ number: Int, left: Int) -> Int {
        let own = (max(frames[number], 1) + Self.grain - 1) / Self.grain * Self.grain
        guard left > 0 else { return own }
        return own + (calls[number].map { depth($0, left: left - 1) }.max() ?? 0)
    }
}

/// Room for the verifier's log of one program.
final class VerifierLog {
    private let room = UnsafeMutableBufferPointer<CChar>.allocate(capacity: 1 << 16)
    private let program: OpaquePointer

    /// Before the program is loaded. Statistics alone: BPF_LOG_STATS.
    init(_ program: OpaquePointer) {
        self.program = program
        room.initialize(repeating: 0)
        bpf_program__set_log_level(program, 4)
        bpf_program__set_log_buf(program, room.baseAddress, room.count)
    }

    deinit { room.deallocate() }

    /// After it.
    func stack() throws -> StackUse {
        let text = String(decoding: room.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let count = Int(bpf_program__insn_cnt(program))
        let instructions = UnsafeRawBufferPointer(start: bpf_program__insns(program), count: count * 8)
        return try StackUse(
            log: text, instructions: (0..<count).map { instructions.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self) })
    }
}
