import Foundation
import TestKit
import Testing

/// Wrong input costs an error that says what to do, and nothing else.
@Suite(.requires(.lab), .serialized)
struct WrongInputTests {
    @Test func `a bad manifest is refused with its place, and what was in force stays`() async throws {
        try await Lab.with { lab in
            try lab.apply(samplePolicy())
            let bad: [(String, String)] = [
                ("spec: [", "EG2001"),
                (samplePolicy(destinations: #"["10.0.0.0/33"]"#), "EG2004"),
                (samplePolicy(source: "egressIP: 198.51.100.100\n    interface: eth0"), "EG2006"),
            ]
            for (text, code) in bad {
                let file = lab.path.appendingPathComponent("bad.yaml")
                try Data(text.utf8).write(to: file)
                let outcome = try lab.egress("apply", "-f", file.path)
                #expect(outcome.status == 1)
                #expect(outcome.errors.contains(code) && outcome.errors.contains("bad.yaml:"), "\(outcome.errors)")
            }
            #expect(try lab.seen("mediabot") == Lab.egressIP)
        }
    }

    @Test func `an invalid edit of the policy in the folder leaves the last good version in force`() async throws {
        try await Lab.with { lab in
            try lab.apply(samplePolicy())
            let file = try #require(
                try FileManager.default.contentsOfDirectory(at: lab.cluster, includingPropertiesForKeys: nil).first {
                    $0.lastPathComponent.contains("egress-sample")
                })
            let good = try String(contentsOf: file, encoding: .utf8)
            try Data(good.replacing("0.0.0.0/0", with: "0.0.0.0/99").utf8).write(to: file, options: .atomic)
            try await Task.sleep(for: .milliseconds(500))
            #expect(try lab.seen("mediabot") == Lab.egressIP)
            #expect(try lab.egress("status").output.contains("EG2004"))
        }
    }

    @Test func `a helper that isn't running is named, with its socket and what to do`() async throws {
        try await Lab.with(start: false) { lab in
            let socket = lab.path.appendingPathComponent("nowhere.sock").path
            let outcome = try lab.egress("version", "--socket", socket)
            #expect(outcome.errors.contains(socket) && outcome.errors.contains("egress-helper"), "\(outcome.errors)")
        }
    }

    @Test func `a broken line on the socket costs that connection only`() async throws {
        try await Lab.with { lab in
            try lab.apply(samplePolicy())
            let socket = lab.path.appendingPathComponent("node-1/helper.sock").path
            let answer = try Command.outcome(["socat", "-t2", "-", "UNIX-CONNECT:\(socket)"], input: "{\"v\":1,\n")
            #expect(answer.output.contains("bad_request"), "\(answer.output)")
            #expect(try lab.counter("tunnelled", node: "node-1") >= 0)
            #expect(try lab.seen("mediabot") == Lab.egressIP)
        }
    }

    @Test func `a module that isn't one makes a finding, and the claimed traffic is dropped`() async throws {
        try await Lab.with { lab in
            try lab.apply(samplePolicy(source: "", annotations: "kubectl-egress.dev/strategy: nosuch"))
            #expect(try lab.seen("mediabot", timeout: 1) == nil)
            #expect(try lab.egress("status").output.contains("EG1201"))
        }
    }
}
