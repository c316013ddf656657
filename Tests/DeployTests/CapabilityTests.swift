import Foundation
import TestKit
import Testing

/// Each capability of the helper, left out: what fails then, by its name. What no test here misses isn't in the manifest.
@Suite(.requires(.lab), .requiresImage, .serialized) struct CapabilityTests {
    @Test(arguments: ["BPF", "NET_ADMIN"])
    func `without this one the helper doesn't start, and says which is missing`(capability: String) throws {
        try ContainerLab.with(.folder) { lab in
            try lab.start("node-1", ["helper"], change: .init(dropped: [capability]))
            try lab.eventually("the log names it") { lab.log("node-1", "helper").contains("the helper needs CAP_\(capability)") }
        }
    }

    /// A pod whose address comes late, as from a slow IPAM: with NET_BROADCAST the kernel says so at once.
    @Test(arguments: [[], ["NET_BROADCAST"]])
    func `without NET_BROADCAST an address that appears inside a pod later isn't noticed`(dropped: [String]) throws {
        try ContainerLab.with(.folder) { lab in
            try lab.start("node-1", ["helper"], change: .init(dropped: dropped))
            try lab.eventually("the helper listens") { FileManager.default.fileExists(atPath: lab.socket("node-1")) }
            // Its input stays open: the end of it is the end of the watching.
            let request = #"{"v":1,"id":1,"method":"facts.watch","params":{}}"#
            let watch = try Command.start(["sh", "-c", "(echo '\(request)'; sleep 6) | socat - UNIX-CONNECT:\(lab.socket("node-1"))"])
            defer { watch.stop() }
            try watch.wait(for: "event")
            // Links that are new are looked at again for a second; this comes after.
            sleep(2)
            try lab.exec("mediabot", "ip", "address", "add", "10.244.1.77/32", "dev", "eth0")
            usleep(1_000_000)
            #expect(watch.said.contains("10.244.1.77") == dropped.isEmpty, "\(watch.said)")
        }
    }

    /// As root, a module could read the plan in force with the tunnel's token, and change plans over the socket.
    @Test(arguments: [[], ["SETUID"], ["SETGID"]])
    func `without SETUID or SETGID a strategy module runs as root`(dropped: [String]) throws {
        try ContainerLab.with(.folder) { lab in
            try lab.start("node-2", ["helper"], change: .init(dropped: dropped))
            try lab.eventually("the helper listens") { FileManager.default.fileExists(atPath: lab.socket("node-2")) }
            let request = #"{"v":1,"id":1,"method":"plugins.resolve","params":{"strategy":"static","request":{}}}"#
            // An answer, whatever it is: the module runs.
            #expect(try lab.ask("node-2", request).contains("the module static"))
            let helper = String(try lab.process("node-2", "helper").dropFirst("/proc/".count))
            let children = try Command.run(["ps", "--ppid", helper, "-o", "uid=,args="])
            let module = children.split(separator: "\n").first { $0.contains("plugin-host") }
            let user = module?.split(separator: " ").first
            #expect(user == (dropped.isEmpty ? "65534" : "0"), "\(children)")
            if !dropped.isEmpty { #expect(lab.log("node-2", "helper").contains("stays user 0"), "\(lab.log("node-2", "helper"))") }
        }
    }
}
