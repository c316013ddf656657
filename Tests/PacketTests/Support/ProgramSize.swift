import CLibBPF
import Glibc
import TestKit

/// What the kernel says of a loaded program.
struct ProgramSize: Equatable {
    let name: String
    /// Instructions after the verifier rewrote them.
    let xlated: Int
    /// Octets of machine code; 0 where programs are interpreted.
    let jited: Int
    /// Instructions that the verifier looked at, those of all branches together.
    let verified: Int
    /// Octets of the stack by the older kernels' count: see ``StackUse``.
    let stack: Int

    /// Of every program in the object, by name.
    static func all() throws -> [ProgramSize] {
        guard let object = bpf_object__open_file(root + "/.build/bpf/egress.bpf.o", nil) else {
            throw TestKitError("no programs: run `make bpf`")
        }
        defer { bpf_object__close(object) }
        var logs: [OpaquePointer: VerifierLog] = [:]
        var one = bpf_object__next_program(object, nil)
        while let program = one {
            logs[program] = VerifierLog(program)
            one = bpf_object__next_program(object, program)
        }
        guard bpf_object__load(object) == 0 else { throw TestKitError("the programs were refused: \(String(cString: strerror(errno)))") }
        var found: [ProgramSize] = []
        var next = bpf_object__next_program(object, nil)
        while let program = next {
            let stack = try logs[program]?.stack().deepest ?? 0
            found.append(try ProgramSize(String(cString: bpf_program__name(program)), bpf_program__fd(program), stack))
            next = bpf_object__next_program(object, program)
        }
        return found.sorted { $0.name < $1.name }
    }

    fileprivate static let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(4).joined(separator: "/")

    init(name: String, xlated: Int, jited: Int, verified: Int, stack: Int = 0) {
        self.name = name
        self.xlated = xlated
        self.jited = jited
        self.verified = verified
        self.stack = stack
    }

    private init(_ name: String, _ descriptor: Int32, _ stack: Int) throws {
        var info = bpf_prog_info()
        var length = UInt32(MemoryLayout<bpf_prog_info>.size)
        guard bpf_obj_get_info_by_fd(descriptor, &info, &length) == 0 else {
            throw TestKitError("program \(name): \(String(cString: strerror(errno)))")
        }
        self.init(
            name: name, xlated: Int(info.xlated_prog_len) / 8, jited: Int(info.jited_prog_len), verified: Int(info.verified_insns),
            stack: stack)
    }

    /// On the kernel of the file nothing may grow, but for machine code, which differs with the processor. Other kernels
    /// rewrite and look at programs in their own way: they get a quarter more, and twice the verifier's work. The stack may
    /// grow up to what any kernel takes.
    func complaints(_ limit: ProgramSize, isSameKernel: Bool) -> [String] {
        let facts = [
            ("xlated instructions", xlated, isSameKernel ? limit.xlated : limit.xlated * 5 / 4),
            ("octets of machine code", jited, isSameKernel ? limit.jited * 21 / 20 : limit.jited * 5 / 4),
            ("instructions for the verifier to look at", verified, isSameKernel ? limit.verified : limit.verified * 2),
        ]
        let grown = facts.compactMap { what, count, bound in
            count <= bound ? nil : "\(name) has \(count) \(what), and bpf/instructions.txt allows \(bound); \(InstructionFile.advice)"
        }
        guard stack > StackUse.limit else { return grown }
        let advice = "split the longest function, or keep its locals in family/scratch.h"
        return grown + ["\(name) uses \(stack) octets of the stack, and older kernels take \(StackUse.limit): \(advice)"]
    }
}

/// The kernel's version without the patch level, and the processor's architecture.
struct KernelName: Equatable {
    let version: String
    let machine: String

    static var current: KernelName {
        var names = utsname()
        uname(&names)
        let release = withUnsafeBytes(of: names.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        let machine = withUnsafeBytes(of: names.machine) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        return KernelName(version: release.split(separator: ".").prefix(2).joined(separator: "."), machine: machine)
    }
}

/// `bpf/instructions.txt`.
struct InstructionFile {
    static let advice = "if that is meant, `make instructions` writes the file anew"
    static let path = ProgramSize.root + "/bpf/instructions.txt"

    let kernel: KernelName
    let programs: [ProgramSize]

    var text: String {
        let rows = programs.map { [$0.name, String($0.xlated), String($0.jited), String($0.verified), String($0.stack)] }
        let heading = [["kernel", kernel.version, kernel.machine], ["program", "xlated", "jited", "verified_insns", "stack"]]
        let lines = (heading + rows).map { row in
            row.dropLast().map { $0 + String(repeating: " ", count: max(1, 18 - $0.count)) }.joined() + (row.last ?? "")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    func write() throws { try FileText.write(text, to: Self.path) }

    static func read() throws -> InstructionFile {
        let rows = (FileText.read(path) ?? "").split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        guard rows.count > 2, rows[0].count == 3 else { throw TestKitError("\(path) isn't what `make instructions` writes") }
        let programs = rows.dropFirst(2).compactMap { row -> ProgramSize? in
            let numbers = row.dropFirst().compactMap { Int($0) }
            guard row.count == 5, numbers.count == 4 else { return nil }
            return ProgramSize(name: row[0], xlated: numbers[0], jited: numbers[1], verified: numbers[2], stack: numbers[3])
        }
        return InstructionFile(kernel: KernelName(version: rows[0][1], machine: rows[0][2]), programs: programs)
    }
}
