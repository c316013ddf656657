// SPDX-License-Identifier: Apache-2.0
import EgressModel
import EgressPlan
import PluginHost
import TestKit
import Testing

/// `docs/plugins.md`, followed from an empty folder by somebody who has nothing else.
@Suite(.requires(.lab), .serialized)
struct DocumentedModuleTests {
    private static func page() throws -> String { try #require(FileText.read("\(project)/docs/plugins.md")) }

    /// A home with a clone of the project in it, and nothing more.
    private func followed() throws -> (home: ModuleFolder, said: String) {
        let home = try ModuleFolder()
        try run("/bin/ln", ["-s", project, home.file("kubectl-egress")])
        try home.write(try DocumentedCode(page: try Self.page()).script, to: "page.sh")
        // What an outer make hands down is not a reader's.
        let outcome = try Command.outcome(
            ["sh", "-c", "cd '\(home.path)' && exec bash page.sh"],
            environment: ["HOME": home.path, "MAKEFLAGS": "", "MAKELEVEL": "", "PKG_CONFIG_PATH": ""])
        guard outcome.succeeded else {
            throw Failure(text: "the page fails: \(outcome.output.suffix(3000))\n\(outcome.errors.suffix(3000))")
        }
        return (home, outcome.output)
    }

    @Test func `its commands work as they stand, and a host gets the answers that it promises`() async throws {
        let (home, said) = try followed()
        #expect(said.split(separator: "\n").count > 4, "plugin-check says what it tried")
        try await answers(of: "hello", home, "{}", #""families":["ipv4"]"#)
        for module in ["by-node", "by-node-swift", "by-node-whole-swift"] {
            try await answers(of: module, home, #"{"nodes":{"node-2":"198.51.100.7","node-3":"198.51.100.8"}}"#, #""families":["ipv4"]"#)
        }
    }

    /// One of the page's modules, alone in a folder as the page says to install it.
    private func answers(of module: String, _ home: ModuleFolder, _ config: String, _ families: String) async throws {
        let folder = try ModuleFolder()
        try run("/usr/bin/install", ["-D", "-m", "0644", home.file("my-module/\(module).so"), folder.file("m.so")])
        let host = try folder.host()
        let name = module == "hello" ? "hello" : "by-node"
        let listed = await host.list()
        #expect(listed.map(\.name) == [name] && listed.allSatisfy(\.isHealthy), "\(listed)")
        func request(_ node: String, _ rest: String) -> String { #"{"node":{"name":"\#(node)"},\#(rest),"config":\#(config)}"# }
        let answer = try await host.resolve(strategy: name, requestJSON: request("node-2", families))
        #expect(answer == PluginAnswer(version: "1", ipv4: [try address("198.51.100.7")]), "\(module)")
        await expect("plugin_no_address", "IPv4 address") {
            _ = try await host.resolve(strategy: name, requestJSON: request("node-2", #""families":["ipv6"]"#))
        }
        await expect("plugin_refused", "other") { _ = try await host.resolve(strategy: name, requestJSON: #"{"config":{"other":1}}"#) }
        guard name == "by-node" else { return }
        await expect("plugin_no_address", "no address for the node node-9") {
            _ = try await host.resolve(strategy: name, requestJSON: request("node-9", families))
        }
        await expect("plugin_refused", "nodes.node-1: must be an IPv4 address") {
            _ = try await host.resolve(strategy: name, requestJSON: #"{"config":{"nodes":{"node-1":"198.51.100"}}}"#)
        }
    }

    @Test func `it has a listing and a command for each of its ways`() throws {
        let steps = try DocumentedCode(page: try Self.page()).steps
        let files = steps.compactMap { if case .file(let name, _) = $0 { name } else { nil } }
        #expect(files == ["hello.c", "by-node.c", "module.h", "exports.map", "ByNode.swift"])
        #expect(steps.count - files.count == 5)
    }

    @Test func `it names every module that comes along, with a README and a schema`() throws {
        let page = try Self.page()
        let line = try #require(FileText.read("\(project)/Makefile")?.split(separator: "\n").first { $0.hasPrefix("PLUGINS ") })
        let modules = line.split(separator: "=").last?.split(separator: " ") ?? []
        #expect(modules.count >= 2)
        for module in modules {
            #expect(page.contains("| [\(module)](../plugins/\(module)/README.md) |"), "\(module)")
            #expect(FileText.read("\(project)/plugins/\(module)/README.md") != nil, "\(module)")
            #expect(FileText.read("\(project)/plugins/\(module)/config.schema.json") != nil, "\(module)")
        }
    }

    @Test func `it explains every code that a module can cause`() throws {
        let page = try Self.page()
        let codes = try #require(FileText.read("\(project)/Sources/EgressModel/ReasonCode.swift")).matches(of: /"(EG12[0-9][0-9])"/)
        #expect(codes.count >= 8)
        for code in codes { #expect(page.contains("| `\(code.output.1)` |"), "\(code.output.1)") }
    }

    @Test(arguments: [("```sh run\nx\n", "a fence"), ("```c file=a.c\nint a;\n", "a fence")])
    func `a fence without an end is told`(page: String, words: String) throws {
        let error = #expect(throws: Failure.self) { try DocumentedCode(page: page) }
        #expect(error?.text.contains(words) == true)
    }
}
