import Foundation
import TestKit
import Testing

/// Modules in the whole lab: what one does wrong costs its own policy a finding, and no packet.
@Suite(.requires(.lab), .serialized)
struct PluginModuleTests {
    private static let steady = "198.51.100.101"
    private static let wild = "198.51.100.100"
    private static let next = "198.51.100.102"

    /// A lab whose gateway node-2 holds three addresses, with one policy by `static`, for mediabot and mediabot-on-gateway,
    /// and one by the wild module, for wildbot on node-1 and wildbot-on-gateway.
    private func with(_ body: (Lab, WildModule) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("egt-plugins-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let module = try WildModule(in: folder)
        try await Lab.with(plugins: folder.path) { lab in
            for address in [Self.steady, Self.next] {
                _ = try lab.exec("node-2", "ip", "address", "add", "\(address)/32", "dev", "eth0")
                _ = try lab.exec("underlay", "ip", "route", "add", "\(address)/32", "via", "192.0.2.12")
            }
            try lab.call("pod-add", "wildbot", "node-1", "class=wild")
            try lab.call("pod-add", "wildbot-on-gateway", "node-2", "class=wild")
            let steady = #"kubectl-egress.dev/strategy: static, kubectl-egress.dev/strategy-config: '{"ipv4":["\#(Self.steady)"]}'"#
            try lab.apply(samplePolicy(name: "steady", source: "", annotations: steady))
            try lab.apply(Self.wildPolicy)
            try await body(lab, module)
        }
    }

    private static let wildPolicy = samplePolicy(name: "wild", source: "", annotations: "kubectl-egress.dev/strategy: wild")
        .replacing("            org: empire\n            class: mediabot", with: "            class: wild")
        .replacing("        org: empire\n        class: mediabot", with: "        class: wild")

    /// Requests without end, four a second, each a connection of its own, until they are stopped.
    private func load(_ lab: Lab, _ pod: String, _ tag: String) throws -> RunningCommand {
        let client = """
            import http.client, time, sys
            for i in range(2000):
                try:
                    c = http.client.HTTPConnection("\(Lab.outside)", 80, timeout=3)
                    c.request("GET", "/\(tag)/%d" % i)
                    c.getresponse().read()
                    c.close()
                except Exception as error:
                    print("failed", i, error, flush=True)
                print("sent", i, flush=True)
                time.sleep(0.25)
            """
        return try lab.start(pod, "python3", "-c", client)
    }

    private func addresses(_ lab: Lab, _ tag: String) throws -> Set<String> {
        Set(try lab.accessLog().filter { $0.contains("/\(tag)/") }.map { String($0.prefix { $0 != " " }) })
    }

    @Test func `a module that breaks in every way costs its own policy a finding, and traffic, helper and the others go on`() async throws {
        try await with { lab, module in
            #expect(try lab.seen("wildbot") == Self.wild)
            #expect(try lab.seen("wildbot-on-gateway") == Self.wild)
            let helper = try String(contentsOf: lab.path.appendingPathComponent("node-2/helper.pid"), encoding: .utf8)
            let loads = try ["mediabot", "mediabot-on-gateway", "wildbot", "wildbot-on-gateway"].map { try load(lab, $0, "load-\($0)") }
            defer { loads.forEach { $0.stop() } }
            for word in ["crash", "abort", "exit", "hang", "stop", "nonsense", "garbage", "huge", "grow", "refuse", "retry"] {
                try module.behave("\(word) \(Self.wild)")
                let status = try await lab.eventually("EG1206", within: 20) { try lab.egress("status").output }
                #expect(status.contains("EG1206"), "\(word): \(status)")
                #expect(!status.contains("policy/steady"), "\(word): \(status)")
                #expect(try lab.seen("wildbot") == Self.wild, "\(word): the last good answer stays in force")
                #expect(try lab.seen("mediabot") == Self.steady, "\(word): another module's policy")
                try module.behave("good \(Self.wild)")
                let well = try await lab.eventually("EG1206", is: false, within: 75) { try lab.egress("status").output }
                #expect(!well.contains("EG1206"), "after \(word): \(well)")
            }
            // These cost nothing at all: the module still answers.
            for word in ["noise", "fork", "leak"] {
                try module.behave("\(word) \(Self.wild)")
                try await Task.sleep(for: .seconds(3))
                #expect(try lab.seen("wildbot") == Self.wild, "\(word)")
            }
            for load in loads {
                load.stop()
                #expect(!load.said.contains("failed"), "\(load.said)")
            }
            for pod in ["mediabot", "mediabot-on-gateway"] { #expect(try addresses(lab, "load-\(pod)") == [Self.steady]) }
            for pod in ["wildbot", "wildbot-on-gateway"] { #expect(try addresses(lab, "load-\(pod)") == [Self.wild]) }
            #expect(try String(contentsOf: lab.path.appendingPathComponent("node-2/helper.pid"), encoding: .utf8) == helper)
            let pid = helper.trimmingCharacters(in: .whitespacesAndNewlines)
            #expect(FileManager.default.fileExists(atPath: "/proc/\(pid)"), "the helper that started")
            let children = try Command.outcome(["pgrep", "-P", pid]).output.split(separator: "\n")
            #expect(children.count <= (try module.count), "no more processes than modules: \(children)")
        }
    }

    @Test func `a new answer reaches the datapath under load, and no packet meets a third verdict`() async throws {
        try await with { lab, module in
            #expect(try lab.seen("wildbot") == Self.wild)
            let load = try load(lab, "wildbot", "moving")
            defer { load.stop() }
            for address in [Self.next, Self.wild, Self.next] {
                try await Task.sleep(for: .seconds(1))
                try module.behave("good \(address)")
                #expect(try await lab.eventuallySeen("wildbot", as: address, within: 10) == address)
            }
            load.stop()
            #expect(!load.said.contains("failed"), "\(load.said)")
            #expect(try addresses(lab, "moving") == [Self.wild, Self.next])
        }
    }

    @Test func `a module that says that there is no address takes it away, and the pod's packets are dropped`() async throws {
        try await with { lab, module in
            #expect(try lab.seen("wildbot") == Self.wild)
            try module.behave("none")
            let status = try await lab.eventually("EG1205", within: 20) { try lab.egress("status").output }
            #expect(status.contains("EG1205"), "\(status)")
            #expect(try await lab.eventuallySeen("wildbot", as: nil) == nil)
            #expect(try lab.seen("mediabot") == Self.steady)
            try module.behave("good \(Self.wild)")
            // Such an answer holds for a minute; another configuration is asked for at once.
            try lab.apply(
                Self.wildPolicy.replacing("strategy: wild", with: "strategy: wild, kubectl-egress.dev/strategy-config: '{\"n\":1}'"))
            #expect(try await lab.eventuallySeen("wildbot", as: Self.wild, within: 20) == Self.wild)
        }
    }

    @Test func `the last good answer outlives the agent and the helper, also when the module doesn't`() async throws {
        try await with { lab, module in
            #expect(try lab.seen("wildbot") == Self.wild)
            try module.behave("crash")
            for program in ["agent", "helper"] { try lab.call("stop", "node-2", program, "KILL") }
            try lab.call("start", "node-2")
            let status = try await lab.eventually("EG1206", within: 30) { try lab.egress("status").output }
            #expect(status.contains("EG1206"), "\(status)")
            #expect(try lab.seen("wildbot") == Self.wild)
            #expect(try lab.seen("wildbot-on-gateway") == Self.wild)
        }
    }

    @Test func `what another controller writes on the Node becomes the egress IP, and explain names the module`() async throws {
        try await Lab.with { lab in
            _ = try lab.exec("node-2", "ip", "address", "add", "\(Self.next)/32", "dev", "eth0")
            _ = try lab.exec("underlay", "ip", "route", "add", "\(Self.next)/32", "via", "192.0.2.12")
            let node = lab.cluster.appendingPathComponent("node.node-2.yaml")
            let plain = try String(contentsOf: node, encoding: .utf8)
            func annotate(_ address: String) throws {
                let annotated = plain.replacing(
                    "annotations: {}", with: "annotations: {cloud.example/egress: \(address)}", maxReplacements: 1)
                try Data(annotated.utf8).write(to: node, options: .atomic)
            }
            try annotate(Lab.egressIP)
            let strategy =
                #"kubectl-egress.dev/strategy: node-annotation, kubectl-egress.dev/strategy-config: '{"annotation":"cloud.example/egress"}'"#
            try lab.apply(samplePolicy(source: "", annotations: strategy))
            #expect(try lab.seen("mediabot") == Lab.egressIP)
            try annotate(Self.next)
            #expect(try await lab.eventuallySeen("mediabot", as: Self.next, within: 10) == Self.next)
            let explained = try lab.egress("explain", "pod", "mediabot", "--to", "\(Lab.outside):80").output
            #expect(explained.contains("node-annotation"), "\(explained)")
            #expect(explained.contains(Self.next), "\(explained)")
            let listed = try lab.egress("plugins").output
            #expect(listed.contains("node-annotation") && listed.contains(Self.next), "\(listed)")
        }
    }

    @Test func `spread gives a policy several addresses, and each pod leaves by the one that list says`() async throws {
        try await Lab.with { lab in
            let pool = (104...107).map { "198.51.100.\($0)" }
            for address in pool {
                _ = try lab.exec("node-2", "ip", "address", "add", "\(address)/32", "dev", "eth0")
                _ = try lab.exec("underlay", "ip", "route", "add", "\(address)/32", "via", "192.0.2.12")
            }
            let pods = (1...6).map { "bot-\($0)" }
            for (number, pod) in pods.enumerated() {
                try lab.call("pod-add", pod, number.isMultiple(of: 2) ? "node-1" : "node-2", "org=empire", "class=mediabot")
            }
            let strategy =
                #"kubectl-egress.dev/strategy: spread, kubectl-egress.dev/strategy-config: '{"ipv4":["198.51.100.104/30"]}'"#
            try lab.apply(samplePolicy(source: "", annotations: strategy))
            var seen: Set<String> = []
            for pod in pods + ["mediabot", "mediabot-on-gateway"] {
                let address = try #require(try lab.seen(pod), "\(pod)")
                #expect(pool.contains(address), "\(pod) left by \(address)")
                #expect(try lab.seen(pod) == address, "\(pod): always the same")
                let explained = try lab.egress("explain", "pod", pod, "--to", "\(Lab.outside):80").output
                #expect(explained.contains("leaves by \(address)"), "\(explained)")
                seen.insert(address)
            }
            #expect(seen.count > 1, "\(seen)")
        }
    }
}
