// SPDX-License-Identifier: Apache-2.0
import EgressPlan
import Glibc
import TestKit
import Testing

@testable import PluginHost

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
        ("mkdir in; mv m.so in/real; chmod 1777 in; ln -s in/real m.so", "in can be written by others than root"),
        ("mkdir in; mv m.so real; ln -s ../real in/link; chown -h nobody in/link; ln -s in/link m.so", "in/link belongs to user 65534"),
        ("rm m.so; ln -s m.so m.so", "more than 40 links"), ("rm m.so; ln -s good.so/m.so m.so", "can't be found: Not a directory"),
        ("rm m.so; mkfifo m.so", "is no file"), ("rm m.so; ln -s nowhere m.so", "can't be found"), ("rm m.so; mkdir m.so", "is no file"),
        ("chmod go-r m.so", "can't be loaded"),
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

    /// POSIX access lists, as `setfacl -m u:nobody:rw` writes them: version 2, then tag, permissions, user.
    @Test func `a module that an access list lets somebody write is not loaded`() async throws {
        let folder = try ModuleFolder()
        try folder.compile("m", ModuleSource(name: "m").text)
        try folder.compile("good", ModuleSource(name: "good").text)
        // Its owner, nobody, the group, the mask, everybody.
        let entries = "(1, 7, -1), (2, 6, 65534), (4, 5, -1), (16, 7, -1), (32, 5, -1)"
        let write = """
            import os, struct
            os.setxattr("\(folder.file("m.so"))", "system.posix_acl_access",
                struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *entry) for entry in (\(entries))))
            """
        try run("/usr/bin/python3", ["-c", write])
        let status = try await status(folder, "m")
        #expect(!status.isHealthy)
        #expect(status.reason?.contains("m.so can be written by others than root") == true)
        #expect(try await self.status(folder, "good").isHealthy)
    }

    @Test func `a folder of links that others can write has no modules, whatever they lead to`() async throws {
        let (trusted, folder) = (try ModuleFolder(), try ModuleFolder())
        try trusted.compile("m", ModuleSource(name: "m").text)
        try run("/bin/sh", ["-ec", "cd \(folder.path); ln -s \(trusted.file("m.so")) m.so"])
        #expect(try await status(folder, "m").isHealthy)
        chmod(folder.path, 0o1777)
        #expect(try await status(folder, "m").reason?.contains("\(folder.path) can be written by others") == true)
    }

    @Test func `a file system that an ordinary user makes up is found among the mounts`() {
        let mounts = """
            21 1 259:1 / / rw,relatime shared:1 - ext4 /dev/root rw
            30 21 0:40 / /run/user/1000/doc rw,nosuid,nodev shared:9 master:2 - fuse.portal portal rw,user_id=1000,group_id=1000
            31 21 0:41 / /var/lib/x rw - fuse.lxcfs lxcfs rw,user_id=0,group_id=0,allow_other
            32 21 0:42 / /mnt rw - 9p share rw,access=client
            """
        let users = [21, 30, 31, 32, 33].map { ModuleMount.foreignUser(ofMount: $0, in: mounts) }
        #expect(users == [nil, 1000, nil, nil, nil])
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
