// SPDX-License-Identifier: Apache-2.0
import CEgressPlugin
import EgressModel
import EgressPlan
import Glibc
import PluginHost
import TestKit
import Testing

/// `plugins/spread` as a shared object: what it exports and needs, and which processes it works in.
@Suite(.requires(.lab))
struct SpreadModuleHostTests {
    private static let config = #"{"ipv4":["198.51.100.0/28"],"ipv6":["2001:db8::/64"],"interface":"eth0"}"#
    private static let claim =
        #"{"ipv4":["198.51.96.0/20"],"ipv6":["2001:db8:1::/116"],"interface":"eth0","claim":true,"nodes":["node-1","node-2","node-3"]}"#

    @Test func `it exports one symbol, and needs no runtime of Swift`() throws {
        let folder = try SpreadModule.folder()
        let exported = try Command.run(["nm", "-D", "--defined-only", folder.file("spread.so")]).split(separator: "\n")
        #expect(exported.map { $0.split(separator: " ").last.map(String.init) } == ["egress_plugin_v1"])
        let needed = try Command.run([
            "sh", "-c", "readelf -d \(folder.file("spread.so")) | sed -n 's/.*(NEEDED).*\\[\\(.*\\)\\.so.*/\\1/p'",
        ])
        #expect(Set(needed.split(separator: "\n")).isSubset(of: ["libc", "libjson-c"]))
    }

    @Test func `it asks for the room that it needs, and writes nothing behind it`() throws {
        let folder = try SpreadModule.folder()
        let table = try ModuleTable(folder.file("spread.so"))
        let request = SpreadModule.request(Self.config)
        let whole = table.outcome(Self.config, request: request)
        #expect(whole.status == 0)
        #expect(whole.needed == whole.text.utf8.count + 1)
        for room in [0, 1, 2, 17, whole.needed - 1] {
            let cut = table.outcome(Self.config, request: request, room: room)
            #expect(cut.status == Int32(EGRESS_PLUGIN_BUFFER_SMALL.rawValue))
            #expect(cut.needed == whole.needed)
        }
        #expect(table.outcome(Self.config, request: request, room: whole.needed) == whole)
    }

    @Test func `a refusal is cut to the room that there is`() throws {
        let folder = try SpreadModule.folder()
        let table = try ModuleTable(folder.file("spread.so"))
        let outcome = table.outcome(#"{"ipv4":["192.0.2.12"]}"#, request: "{}", errorRoom: 8)
        #expect(outcome.status == Int32(EGRESS_PLUGIN_NO_ADDRESS.rawValue))
        #expect(outcome.text == "none of" && outcome.needed > 40)
    }

    @Test(arguments: ["", "{", "nonsense", "[]", "{}", "null", String(repeating: "[", count: 100_000), "{\"interfaces\":{}}", "\u{1}"])
    func `a request that is none has no address`(request: String) throws {
        let folder = try SpreadModule.folder()
        let table = try ModuleTable(folder.file("spread.so"))
        #expect(table.outcome(#"{"ipv4":["192.0.2.12"]}"#, request: request).status == Int32(EGRESS_PLUGIN_NO_ADDRESS.rawValue))
        #expect(table.outcome(Self.claim, request: request).status == Int32(EGRESS_PLUGIN_NO_ADDRESS.rawValue))
        #expect(table.outcome(request, request: "{}").status == Int32(EGRESS_PLUGIN_BAD_CONFIG.rawValue))
    }

    /// Texts near to good ones: bytes taken out, doubled and changed. The seed is fixed; each of 20,000 gets an answer or a refusal.
    @Test func `no text ends its process`() throws {
        let folder = try SpreadModule.folder()
        let table = try ModuleTable(folder.file("spread.so"))
        var random = UInt64(4)
        func next(_ limit: Int) -> Int {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(random >> 33) % max(1, limit)
        }
        let alphabet = Array("0159.:/-\"[]{},\\u0 nodesclaimtruefalse".utf8)
        let request = SpreadModule.request("{}")
        func changed(_ text: String) -> String {
            var bytes = Array(text.utf8)
            for _ in 0...next(3) where !bytes.isEmpty {
                let place = next(bytes.count)
                switch next(3) {
                case 0: bytes.remove(at: place)
                case 1: bytes[place] = alphabet[next(alphabet.count)]
                default: bytes.insert(alphabet[next(alphabet.count)], at: place)
                }
            }
            return String(decoding: bytes, as: UTF8.self)
        }
        var statuses: [Int32: Int] = [:]
        for round in 0..<20_000 {
            let config = round % 2 == 0 ? Self.config : Self.claim.replacing("/20", with: "/28").replacing("/116", with: "/126")
            let outcome = table.outcome(round % 4 < 3 ? changed(config) : config, request: round % 4 > 1 ? changed(request) : request)
            statuses[outcome.status, default: 0] += 1
        }
        #expect(Set(statuses.keys) == [0, 2, 3], "\(statuses)")
    }

    /// In a process of its own: bytes in use after 10,000 rounds, as the allocator counts them, against those after 100.
    @Test func `it keeps no memory`() throws {
        let folder = try SpreadModule.folder()
        try folder.write(Self.counter, to: "counter.c")
        try run("/usr/bin/cc", ["-I\(project)/plugins/include", folder.file("counter.c"), "-o", folder.file("counter")])
        let small = Self.claim.replacing("/20", with: "/28").replacing("/116", with: "/126")
        let request = SpreadModule.request("{}")
        for (config, request) in [
            (Self.config, request), (small, request), (#"{"ipv4":["192.0.2.1",7]}"#, "{}"), (small, "{}"), (small, "["),
        ] {
            let kept = try #require(Int(try Command.run([folder.file("counter"), folder.file("spread.so"), config, request])))
            // A byte a round would be 9,900; what is free in the allocator's caches counts as used.
            #expect(kept < 8192, "\(kept) bytes kept")
        }
    }

    private static let counter = """
        #include <dlfcn.h>
        #include <egress_plugin.h>
        #include <malloc.h>
        #include <stdio.h>
        int main(int count, char **words)
        {
            void *module = count == 4 ? dlopen(words[1], RTLD_NOW | RTLD_LOCAL) : NULL;
            const struct egress_plugin *(*entry)(void) = module ? (const struct egress_plugin *(*)(void))dlsym(module, "egress_plugin_v1") : NULL;
            long before = 0;
            for (int round = 0; entry && round < 10000; round++) {
                static char room[8192], reason[2048];
                struct egress_text answer = { room, sizeof(room), 0 }, error = { reason, sizeof(reason), 0 };
                void *instance = NULL;
                if (entry()->open(NULL, words[2], &instance, &error) == 0)
                    entry()->resolve(instance, words[3], &answer, &error);
                entry()->close(&instance);
                if (round == 99)
                    before = (long)mallinfo2().uordblks;
            }
            return entry ? printf("%ld", (long)mallinfo2().uordblks - before) < 0 : 1;
        }
        """

    @Test(arguments: [config.replacing("eth0", with: "eth1"), claim, #"{"ipv4":["198.51.100.0/24"],"most":1}"#])
    func `it is as the header says`(config: String) throws {
        let folder = try SpreadModule.folder()
        let report = try PluginCheck(executable: try folder.launcher(), module: folder.file("spread.so"), config: config).run()
        #expect(report.hasPassed, "\(report.text())")
        #expect(!report.text().contains("resolve gave no answer"), "the example must be one with an answer: \(report.text())")
    }

    /// 512 MiB of address space, as the helper may give a module's process.
    @Test func `it works in a process whose memory is bounded`() async throws {
        let folder = try SpreadModule.folder()
        try folder.write("#!/bin/sh\nexec prlimit --as=536870912 -- \(try folder.launcher()) \"$@\"\n", to: "bounded")
        try run("/bin/chmod", ["755", folder.file("bounded")])
        let host = PluginHost(executable: folder.file("bounded"), folders: [folder.path], patience: .ofTests)
        let answer = try await host.resolve(strategy: "spread", requestJSON: SpreadModule.request(Self.claim))
        #expect(answer.ipv4.count == 16 && answer.ipv6.count == 16 && answer.claim)
    }

    /// The image's helper has Swift's runtime inside itself, this test's process has it as a shared object: one module for both.
    @Test func `it works in a process that has the Swift runtime inside itself`() throws {
        let folder = try SpreadModule.folder()
        try folder.write(Self.staticHost, to: "main.swift")
        try Command.run([
            "swiftc", "-swift-version", "6", "-static-stdlib", "-Xlinker", "--export-dynamic", "-I\(project)/plugins/include",
            folder.file("main.swift"),
            "-o", folder.file("host"),
        ])
        let libraries = try Command.run(["readelf", "-d", folder.file("host")])
        #expect(!libraries.contains("libswift"), "the runtime must be inside")
        let said = try Command.run([folder.file("host"), folder.file("spread.so"), Self.config, SpreadModule.request(Self.config)])
        #expect(
            said.contains(#"{"ipv4":["198.51.100.3", "198.51.100.12"],"ipv6":["2001:db8::11"],"interface":"eth0","claim":false"#), "\(said)"
        )
    }

    private static let staticHost = """
        import CEgressPlugin
        import Glibc
        let words = CommandLine.arguments
        guard let handle = dlopen(words[1], RTLD_NOW | RTLD_LOCAL), let symbol = dlsym(handle, "egress_plugin_v1") else { exit(1) }
        let table = unsafeBitCast(symbol, to: (@convention(c) () -> UnsafePointer<egress_plugin>).self)().pointee
        let room = UnsafeMutablePointer<CChar>.allocate(capacity: 8192)
        var instance: UnsafeMutableRawPointer?
        var text = egress_text(bytes: room, capacity: 8192, needed: 0)
        var error = egress_text(bytes: room, capacity: 8192, needed: 0)
        for _ in 0..<1000 {
            guard table.open(nil, words[2], &instance, &error) == 0, table.resolve(instance, words[3], &text, &error) == 0 else { exit(2) }
            table.close(&instance)
        }
        print(String(cString: room), [1: "x"].map { "\\($0)" })
        """
}
