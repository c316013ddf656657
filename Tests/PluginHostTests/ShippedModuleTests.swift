// SPDX-License-Identifier: Apache-2.0
import CEgressPlugin
import TestKit
import Testing

/// What holds for each module in C that the project ships.
@Suite(.requires(.lab))
struct ShippedModuleTests {
    static let all = [
        ("static", #"{"ipv4":["192.0.2.11"],"interface":"eth0"}"#), ("interface", #"{"name":"eth0"}"#),
        ("node-annotation", #"{"annotation":"a","interface":"eth0"}"#),
    ]
    private static let request = Request(config: "{}", annotations: #"{"a":"192.0.2.11"}"#, families: #"["ipv4"]"#).json
    private static let answer = #"{"ipv4":["192.0.2.11"],"ipv6":[],"interface":"eth0","claim":false,"validSeconds":null}"#

    @Test(arguments: all)
    func `it exports one function`(name: String, config: String) throws {
        let symbols = try Command.run(["nm", "-D", "--defined-only", ShippedModule(name).file]).split(separator: "\n")
        #expect(symbols.map { $0.split(separator: " ").last } == ["egress_plugin_v1"])
    }

    @Test(arguments: all)
    func `its table has its name, and README's build line makes what make makes`(name: String, config: String) throws {
        let table = try ModuleTable(ShippedModule(name).file).table
        #expect(String(cString: table.name) == name)
        #expect(table.size == MemoryLayout<egress_plugin>.size)
        #expect(table.abi == EGRESS_PLUGIN_ABI)
        let makefile = try #require(FileText.read("\(project)/Makefile"))
        let plugins = try #require(makefile.split(separator: "\n").first { $0.hasPrefix("PLUGINS ") })
        #expect(plugins.split(separator: " ").contains { $0 == name })
    }

    /// Called as a host would call it, with too little room first.
    @Test(arguments: all)
    func `it asks for the room that it needs, and ends more than once`(name: String, config: String) throws {
        let table = try ModuleTable(ShippedModule(name).file)
        let needed = Self.answer.utf8.count + 1
        for room in [0, 1, 5, needed - 1] {
            let small = table.outcome(config, request: Self.request, room: room)
            #expect(small.status == Int32(EGRESS_PLUGIN_BUFFER_SMALL.rawValue))
            #expect(small.needed == needed)
        }
        for room in [needed, needed + 1, 1 << 20] {
            #expect(table.outcome(config, request: Self.request, room: room) == .init(status: 0, text: Self.answer, needed: needed))
        }
    }

    @Test(arguments: all)
    func `a reason that is longer than its room is cut between two characters`(name: String, config: String) throws {
        let table = try ModuleTable(ShippedModule(name).file)
        let config = "{\"\(repeated("ü€😀", 11))\":1}"
        let whole = table.outcome(config)
        #expect(whole.status == Int32(EGRESS_PLUGIN_BAD_CONFIG.rawValue))
        #expect(whole.text.hasPrefix("ü€😀ü€😀"))
        #expect(whole.text.contains("...: there is no such field"))
        for room in 0...whole.needed {
            let cut = table.outcome(config, errorRoom: room)
            #expect(cut.needed == whole.needed && whole.text.hasPrefix(cut.text) && cut.text.utf8.count + 5 > min(room, whole.needed))
        }
    }

    @Test(arguments: all)
    func `a request that is none is the module's own failure`(name: String, config: String) throws {
        let table = try ModuleTable(ShippedModule(name).file)
        for (request, words) in [
            ("[]", "the request must be a JSON object"), ("", "it ends too early"), ("{", "it ends too early"), ("{}}", "it isn't JSON"),
            (repeated("[", 99), "it is nested too deeply"),
        ] {
            let outcome = table.outcome(config, request: request)
            #expect(outcome.status == 100)
            #expect(outcome.text.contains(words), "\(outcome.text)")
        }
        let closed = table.ask(nil, Self.request)
        #expect(
            closed == .init(status: 100, text: "there is no instance: it was closed, or never opened", needed: closed.text.utf8.count + 1))
    }

    @Test(arguments: all)
    func `a request of odd values gets an answer that isn't one`(name: String, config: String) throws {
        let table = try ModuleTable(ShippedModule(name).file)
        for interfaces in [
            "7", "[7,null,[],{}]", #"[{"name":7}]"#, #"[{"name":"eth0","addresses":7,"altNames":7}]"#,
            #"[{"name":"eth0\u0000","addresses":["192.0.2.11/24"]}]"#,
            #"[{"name":"eth0","addresses":["192.0.2.11\u0000/24","192.0.2.11/x"]}]"#,
        ] {
            let outcome = table.outcome(config, request: #"{"interfaces":\#(interfaces),"node":{"annotations":{"a":"192.0.2.11"}}}"#)
            #expect(outcome.status == Int32(EGRESS_PLUGIN_NO_ADDRESS.rawValue), "\(interfaces) \(outcome.text)")
        }
    }

    /// Texts that never reach a module through the helper, which reads and writes them anew.
    @Test(arguments: all)
    func `a configuration that isn't strict JSON is refused`(name: String, config: String) throws {
        let table = try ModuleTable(ShippedModule(name).file)
        let body = config.dropFirst().dropLast()
        #expect(table.outcome(config, request: Self.request).status == 0)
        for (text, words) in [
            ("", "it ends too early"), ("{\(body)", "it ends too early"), ("{\(body)}}", "it isn't JSON"), ("{\(body),}", "it isn't JSON"),
            (config.replacing("\"", with: "'"), "it isn't JSON"), ("{\(body)} // why", "it isn't JSON"),
            ("{\(body),\(body)}", "it has a field twice"),
            (config.replacing("eth0", with: #"eth0\u0000"#), "it has the character U+0000 in it"),
            (config.replacing("eth0", with: #"eth0\\u0000"#), ""),
            (config.replacing("\":", with: "\\u0000\":"), "it has the character U+0000 in it"),
            (repeated("{\"a\":", 70) + "1" + repeated("}", 70), "it is nested too deeply"), ("7", "must be a JSON object"),
        ] {
            let outcome = table.outcome(text, request: Self.request)
            #expect(outcome.status == (words.isEmpty ? 3 : 2), "\(text) \(outcome)")
            #expect(outcome.text.contains(words), "\(text) \(outcome.text)")
        }
        let broken = table.outcome(Array(config.replacing("eth0", with: "eth").utf8).map { $0 == UInt8(ascii: "t") ? 0xFF : $0 })
        #expect(broken == .init(status: 2, text: "the configuration must be a JSON object; it isn't UTF-8", needed: broken.needed))
    }

    @Test(arguments: all)
    func `a text of many megabytes is refused, and one below that is read`(name: String, config: String) throws {
        let table = try ModuleTable(ShippedModule(name).file)
        let spaces = [UInt8](repeating: UInt8(ascii: " "), count: 17 << 20)
        #expect(table.outcome(spaces + Array(config.utf8)).text == "the configuration must be a JSON object; it has more than 16 MiB")
        #expect(table.outcome(Array(spaces.prefix(1 << 20)) + Array(config.utf8), request: Self.request).status == 0)
    }
}
