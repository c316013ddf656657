import Foundation
import TestKit
import Testing

/// The helper's death and return change nothing for packets.
@Suite(.requires(.lab), .serialized)
struct RestartTests {
    @Test(arguments: ["auto", "clsact"])
    func `a connection lives on while helper and agent are killed and started again`(attach: String) async throws {
        try await Lab.with(attach: attach) { lab in
            try lab.apply(samplePolicy())
            let client = """
                import http.client, time
                c = http.client.HTTPConnection("\(Lab.outside)", 80, timeout=3)
                for i in range(40):
                    c.request("GET", "/long")
                    c.getresponse().read()
                    time.sleep(0.1)
                print("ended well", c.sock.getsockname()[1])
                """
            let load = try lab.start("mediabot", "python3", "-c", client)
            defer { load.stop() }
            try await Task.sleep(for: .milliseconds(500))
            for node in ["node-1", "node-2"] {
                for program in ["agent", "helper"] { try lab.call("stop", node, program, "KILL") }
            }
            // New connections too, while nobody is there.
            #expect(try lab.seen("mediabot") == Lab.egressIP)
            try lab.call("start", "node-1", "node-2")
            let ended = load.finish()
            #expect(ended.output.contains("ended well"), "\(ended.output)")
            let long = try lab.accessLog().filter { $0.contains("/long ") }
            #expect(
                Set(long.map { $0.split(separator: " ")[0...1].joined(separator: ":") }).count == 1, "one connection, one address and port")
            #expect(long.count == 40)
            var status = try lab.egress("status").output
            for _ in 0..<50 where !status.contains("2/2") {
                try await Task.sleep(for: .milliseconds(100))
                status = try lab.egress("status").output
            }
            #expect(status.contains("2/2"), "\(status)")
        }
    }

    @Test(arguments: ["auto", "clsact"])
    func `helpers killed and exchanged under 1,000 connections and a flood cost none of them, and show no other address`(
        attach: String
    ) async throws {
        try await Lab.with(attach: attach) { lab in
            try lab.applyBothFamilies()
            let load = try DualLoad(lab, held: 1000, newPerSecond: 150)
            defer { load.stop() }
            let other = try lab.otherPrograms()
            for round in 0..<3 {
                for node in ["node-1", "node-2"] { try lab.call("stop", node, "helper", "KILL") }
                // A while without any, in which connections come and go.
                try await Task.sleep(for: .milliseconds(400))
                // From another file, and back: an upgrade, and one that was regretted.
                for node in ["node-1", "node-2"] { try (round == 1 ? other : lab).call("start-helper", node) }
                try await Task.sleep(for: .milliseconds(600))
            }
            let report = try load.finish()
            #expect(report["alive"] == 1000, "\(report)")
            for name in ["reset", "lost", "failed", "wrong"] { #expect(report[name] == 0, "\(name): \(report)") }
            #expect(report["served"] > 300 && report["answered"] == report["asked"], "\(report)")
            #expect(try load.witness.packets("wrong") == 0)
            #expect(try load.witness.packets("right") > 10_000)
            #expect(try await lab.eventualStatus("2/2").contains("2/2"))
        }
    }
}
