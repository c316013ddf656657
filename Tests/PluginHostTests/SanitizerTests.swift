// SPDX-License-Identifier: Apache-2.0
import TestKit
import Testing

/// The C modules under AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer; see `plugins/test/run`.
@Suite struct SanitizerTests {
    private static let runner = "\(project)/plugins/test/run"

    private func run(_ mode: String, _ module: String) throws -> String {
        let outcome = try Command.outcome([Self.runner, mode, module])
        #expect(outcome.status == 0, "\(outcome.output.suffix(4000))\(outcome.errors.suffix(4000))")
        return outcome.output
    }

    @Test(arguments: ["static", "interface", "node-annotation"])
    func `every example in every size of buffer, and without memory or descriptors, harms nothing`(module: String) throws {
        let said = try run("drive", module)
        #expect(said.contains("drive: \(module): "))
        let words = "without a descriptor: the kernel can't be asked for the route to 203.0.113.1: Too many open files"
        #expect(said.contains(words) == (module == "interface"))
    }

    @Test(
        .enabled("there is no clang with libFuzzer beside swift") { try Command.outcome([runner, "can-fuzz"]).succeeded },
        arguments: ["static", "interface", "node-annotation"])
    func `what a fuzzer makes of configurations and requests harms nothing`(module: String) throws {
        #expect(try run("fuzz", module).contains("fuzz: \(module): Done"))
    }
}
