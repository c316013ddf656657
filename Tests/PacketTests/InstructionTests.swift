import Glibc
import TestKit
import Testing

/// How large each program is and what it costs the verifier, held by `bpf/instructions.txt`.
///
/// More than is written there is a failure: whoever makes a program larger says so, with `make instructions`.
@Suite(.requires(.packet), .serialized) struct InstructionTests {
    @Test func `no program grew beyond what is committed`() async throws {
        let found = try await Sandbox.run { _ in try ProgramSize.all() }
        if getenv("EGRESS_RECORD") != nil { try InstructionFile(kernel: .current, programs: found).write() }
        let committed = try InstructionFile.read()
        #expect(found.map(\.name) == committed.programs.map(\.name), "\(InstructionFile.advice)")
        for (size, limit) in zip(found, committed.programs) {
            for complaint in size.complaints(limit, isSameKernel: committed.kernel == .current) { Issue.record("\(complaint)") }
        }
    }

    @Test func `a program that grew is named with what grew`() {
        let limit = ProgramSize(name: "egress_pod", xlated: 1000, jited: 5000, verified: 9000)
        let grown = ProgramSize(name: "egress_pod", xlated: 1001, jited: 5600, verified: 9001)
        #expect(limit.complaints(limit, isSameKernel: true).isEmpty)
        #expect(ProgramSize(name: "egress_pod", xlated: 999, jited: 5100, verified: 1).complaints(limit, isSameKernel: true).isEmpty)
        #expect(grown.complaints(limit, isSameKernel: true).count == 3)
        #expect(grown.complaints(limit, isSameKernel: false).isEmpty)
        #expect(
            grown.complaints(limit, isSameKernel: true).first
                == "egress_pod has 1001 xlated instructions, and bpf/instructions.txt allows 1000; \(InstructionFile.advice)")
    }

    @Test func `the stack is counted along the longest chain of calls, each frame rounded up`() throws {
        func call(_ distance: Int32) -> UInt64 { 0x1085 | UInt64(UInt32(bitPattern: distance)) << 32 }
        let exit: UInt64 = 0x95
        // The program calls both functions, and the second calls the third.
        let program = [call(2), call(2), exit, exit, call(1), exit, exit]
        let use = try StackUse(log: "processed 7 insns\nstack depth 0+200+33+64\n", instructions: program)
        #expect(use.deepest == 32 + 224)
        #expect(try StackUse(log: "stack depth 0+8+33+100", instructions: program).deepest == 32 + 64 + 128)
        #expect(throws: TestKitError.self) { try StackUse(log: "stack depth 0+8", instructions: program) }
        let deep = ProgramSize(name: "egress_pod", xlated: 1, jited: 1, verified: 1, stack: 544)
        #expect(deep.complaints(deep, isSameKernel: false).first?.contains("544 octets of the stack") == true)
    }

    @Test func `the committed file comes back as it was read`() throws {
        let text = try #require(FileText.read(InstructionFile.path))
        #expect(try InstructionFile.read().text == text)
    }
}
