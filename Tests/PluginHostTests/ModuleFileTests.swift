// SPDX-License-Identifier: Apache-2.0
import EgressPlan
import Glibc
import PluginHost
import TestKit
import Testing

/// Which files are loaded at all.
@Suite(.requires(.lab))
struct ModuleFileTests {
    private func status(_ folder: ModuleFolder, _ name: String) async throws -> PluginStatus {
        try #require(await folder.host().list().first { $0.module == folder.file("\(name).so") })
    }

    @Test(arguments: [
        ("chmod o+w m.so", "m.so can be written by others than root"), ("chmod g+w m.so", "m.so can be written by others than root"),
        ("chown nobody m.so", "m.so belongs to user 65534"),
        ("mv m.so real; ln -s real m.so; chmod o+w real", "real can be written by others"),
        ("rm m.so; ln -s nowhere m.so", "can't be found"), ("rm m.so; mkdir m.so", "is no file"), ("chmod go-r m.so", "can't be loaded"),
    ])
    func `a module that others could have changed is not loaded`(script: String, words: String) async throws {
        let folder = try ModuleFolder()
        try folder.compile("m", ModuleSource(name: "m").text)
        try folder.compile("good", ModuleSource(name: "good").text)
        try run("/bin/sh", ["-ec", "cd \(folder.path); \(script)"])
        let status = try await status(folder, "m")
        #expect(!status.isHealthy)
        #expect(status.reason?.contains(words) == true, "\(status.reason ?? "")")
        #expect(try await self.status(folder, "good").isHealthy)
    }

    @Test(arguments: ["chmod o+w", "chmod g+w", "chmod 1777", "chown nobody"])
    func `a folder that others can write has no modules that work`(script: String) async throws {
        let folder = try ModuleFolder()
        try folder.compile("m", ModuleSource(name: "m").text)
        try run("/bin/sh", ["-ec", "\(script) \(folder.path)"])
        let status = try await status(folder, "m")
        #expect(!status.isHealthy)
        #expect(status.reason?.contains(folder.path) == true, "\(status.reason ?? "")")
    }

    @Test func `a module that is replaced is loaded anew, one that goes is gone, one that comes is found`() async throws {
        let folder = try ModuleFolder()
        try folder.compile("m", ModuleSource(name: "m").text)
        let host = try folder.host()
        #expect(try await host.resolve(strategy: "m", requestJSON: "{}").ipv4 == [try address("198.51.100.7")])
        try folder.compile("new", ModuleSource(name: "m", resolve: "return say(answer, \"{\\\"ipv4\\\":[\\\"198.51.100.8\\\"]}\");").text)
        rename(folder.file("new.so"), folder.file("m.so"))
        #expect(try await host.resolve(strategy: "m", requestJSON: "{}").ipv4 == [try address("198.51.100.8")])
        unlink(folder.file("m.so"))
        await expect("plugin_failed", "can't be found") { _ = try await host.resolve(strategy: "m", requestJSON: "{}") }
        #expect(await host.list().isEmpty)
        await expect("not_found", "no module has the name m") { _ = try await host.resolve(strategy: "m", requestJSON: "{}") }
        try folder.compile("later", ModuleSource(name: "later").text)
        #expect(try await host.resolve(strategy: "later", requestJSON: "{}").ipv4.count == 1)
    }

    @Test func `the first of two modules of a name has it`() async throws {
        let folder = try ModuleFolder()
        try folder.compile("a", ModuleSource(name: "m").text)
        try folder.compile("b", ModuleSource(name: "m").text)
        let statuses = try await folder.host().list()
        #expect(statuses.map(\.isHealthy) == [true, false])
        #expect(statuses.last?.reason == "another module has the name m: \(folder.file("a.so"))")
    }

    @Test(arguments: ["[]", "{", "", "{\"a\":}"])
    func `a request that is no JSON object is nobody's fault but the caller's`(request: String) async throws {
        let folder = try ModuleFolder()
        await expect("bad_request", "the request to a module") { _ = try await folder.host().resolve(strategy: "m", requestJSON: request) }
    }

    @Test func `a folder that isn't there has no modules`() async {
        #expect(await PluginHost(executable: "/nowhere", folders: ["/nonexistent"]).list().isEmpty)
    }

    @Test func `a helper that can't be started is said`() async throws {
        let folder = try ModuleFolder()
        try folder.compile("m", ModuleSource(name: "m").text)
        let status = try #require(await PluginHost(executable: "/nowhere", folders: [folder.path]).list().first)
        #expect(status.reason?.contains("can't be started: No such file or directory") == true)
    }
}
