// SPDX-License-Identifier: Apache-2.0
import CEgressPlugin
import TestKit
import Testing

@testable import PluginHost

/// `plugins/include/egress_plugin.h` is a header for authors of any language.
@Suite struct PluginHeaderTests {
    private static let strict = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only"]
    private static let compilers = [
        ["cc", "-std=c11", "-x", "c"], ["clang", "-std=c11", "-x", "c"], ["c++", "-std=c++17", "-x", "c++"],
        ["clang++", "-std=c++17", "-x", "c++"],
    ]

    @Test(arguments: compilers)
    func `it compiles alone and without a warning`(compiler: [String]) throws {
        try Command.run(compiler + Self.strict + ["\(project)/plugins/include/egress_plugin.h"])
    }

    @Test(arguments: compilers)
    func `sizes, places and numbers are what version 1 promises`(compiler: [String]) throws {
        try Command.run(compiler + Self.strict + ["-I\(project)/plugins/include", "\(project)/plugins/conformance/layout.c"])
        // That the promises are looked at at all: a field of another size breaks them.
        let folder = try ModuleFolder()
        let header = FileText.read("\(project)/plugins/include/egress_plugin.h") ?? ""
        try folder.write(header.replacing("uint32_t abi;", with: "uint64_t abi;"), to: "egress_plugin.h")
        let outcome = try Command.outcome(compiler + Self.strict + ["-I\(folder.path)", "\(project)/plugins/conformance/layout.c"])
        #expect(!outcome.succeeded && outcome.errors.contains("offsetof(struct egress_plugin, name) == 16"), "\(outcome.errors)")
    }

    @Test func `Swift sees the same`() {
        #expect(MemoryLayout<egress_plugin>.size == 64 && MemoryLayout<egress_text>.size == 24 && MemoryLayout<egress_host>.size == 24)
        #expect(MemoryLayout<egress_plugin>.offset(of: \.open) == 32 && MemoryLayout<egress_plugin>.offset(of: \.close) == 56)
        #expect(EGRESS_PLUGIN_ABI == 1 && EGRESS_PLUGIN_BUFFER_SMALL.rawValue == 4 && EGRESS_PLUGIN_ERROR.rawValue == 3)
    }

    @Test func `each module that make builds exports one symbol`() throws {
        try Command.run(["make", "-s", "-C", project, "plugins"])
        let modules = try Command.run(["/bin/sh", "-ec", "ls \(project)/.build/plugins/*.so"]).split(separator: "\n").map(String.init)
        #expect(modules.contains { $0.hasSuffix("/static.so") } && modules.contains { $0.hasSuffix("/sample.so") })
        for module in modules {
            // Some linkers add their own.
            let linkers: Set = ["__bss_start", "_edata", "_end"]
            let listed = try Command.run(["nm", "-D", "--defined-only", "-j", module]).split(separator: "\n").map(String.init)
                .filter { !linkers.contains($0) }
            #expect(listed == ["egress_plugin_v1"], "\(module)")
            let own = try SharedObject(path: module).exports
            #expect(own == ["egress_plugin_v1"], "\(module)")
        }
    }

    @Test func `what a shared object exports is read as nm reads it`() throws {
        for library in ["libc.so.6", "libm.so.6"] {
            let path =
                try Command.run(["/bin/sh", "-ec", "cc -print-file-name=\(library)"]).split(separator: "\n").first.map(String.init) ?? ""
            let listed = try Command.run(["nm", "-D", "--defined-only", "--without-symbol-versions", path]).split(separator: "\n")
            let theirs: [String] = listed.compactMap { line in
                let words = line.split(separator: " ")
                return words.count == 3 && words[1] != "A" ? String(words[2]) : nil
            }
            let ours = try SharedObject(path: path).exports
            #expect(ours.count > 500)
            #expect(Set(ours) == Set(theirs), "\(Set(ours).symmetricDifference(Set(theirs)).sorted().prefix(10))")
        }
    }
}
