import Foundation
import TestKit
import Testing

/// An address that a module claims: two gateways could have it, one does, and what it put on its interface goes with the
/// policy.
@Suite(.requires(.lab), .serialized)
struct ClaimTests {
    private static let address = "192.0.2.77"

    /// A module that claims one address of the nodes' own network, as `static` with `claim` does.
    private static let module = """
        #include "egress_plugin.h"
        #include <stdio.h>
        static int32_t open_it(const struct egress_host *host, const char *config, void **instance, struct egress_text *error)
        { (void)host; (void)config; (void)error; *instance = (void *)1; return EGRESS_PLUGIN_DONE; }
        static int32_t resolve_it(void *instance, const char *request, struct egress_text *answer, struct egress_text *error)
        {
            (void)instance; (void)request; (void)error;
            answer->needed = 1 + (size_t)snprintf(answer->bytes, answer->capacity,
                "{\\"ipv4\\":[\\"\(address)\\"],\\"interface\\":\\"eth0\\",\\"claim\\":true}");
            return answer->needed > answer->capacity ? EGRESS_PLUGIN_BUFFER_SMALL : EGRESS_PLUGIN_DONE;
        }
        static int32_t facts_it(void *instance, const char *facts) { (void)instance; (void)facts; return EGRESS_PLUGIN_DONE; }
        static void close_it(void **instance) { *instance = NULL; }
        static const struct egress_plugin table = {
            .size = sizeof(table), .abi = EGRESS_PLUGIN_ABI, .name = "claimer", .version = "1.0",
            .open = open_it, .resolve = resolve_it, .facts = facts_it, .close = close_it };
        const struct egress_plugin *egress_plugin_v1(void) { return &table; }
        """

    private let policy = samplePolicy(
        gatewayLabel: "role: egress", source: "", annotations: "kubectl-egress.dev/strategy: claimer")

    /// A lab whose helpers have the module.
    private func with(onAPI: Bool = false, _ body: (Lab) async throws -> Void) async throws {
        let folder = "/tmp/egt-claimer-\(UInt32.random(in: .min ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Data(Self.module.utf8).write(to: URL(fileURLWithPath: "\(folder)/claimer.c"))
        try Command.run([
            "/usr/bin/cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared", "-I\(Lab.top.path)/plugins/include",
            "\(folder)/claimer.c", "-o", "\(folder)/claimer.so",
        ])
        try await Lab.with(onAPI: onAPI, plugins: folder, body)
    }

    /// Gateways whose interface has the address, as the kernel says.
    private func holders(_ lab: Lab) throws -> [String] {
        try ["node-2", "node-3"].filter {
            try lab.exec($0, "ip", "-o", "address", "show", "dev", "eth0").output.contains("\(Self.address)/32")
        }
    }

    private func eventually(_ what: String, within seconds: Int = 10, _ condition: () throws -> Bool) async throws {
        for _ in 0..<(seconds * 10) {
            if try condition() { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        Issue.record("\(what): not within \(seconds) s")
    }

    /// What both kinds of cluster must do; `lock` is who holds the lock.
    private func oneHolds(_ lab: Lab, lock: () throws -> String?) async throws -> (holder: String, other: String) {
        try lab.apply(policy, wait: false)
        #expect(try await lab.eventuallySeen("mediabot", as: Self.address, within: 10) == Self.address)
        let holder = try #require(try holders(lab).first)
        #expect(try holders(lab) == [holder])
        #expect(try lock() == holder)
        let other = holder == "node-2" ? "node-3" : "node-2"
        #expect(try lab.egress("status", "-o", "json").output.contains("\(Self.address) is held by \(holder)"))
        #expect(try lab.counter("translated", node: holder) > 0)
        #expect(try lab.counter("translated", node: other) == 0)
        return (holder, other)
    }

    @Test func `exactly one of two gateways has the address, and it goes with its policy`() async throws {
        try await with { lab in
            let path = lab.cluster.appendingPathComponent(".kubectl-egress/addresses/egress-ip-192-0-2-77").path
            func lock() -> String? { FileText.read(path).map { $0.trimmingCharacters(in: .whitespacesAndNewlines) } }
            let (holder, other) = try await oneHolds(lab, lock: lock)
            try await survives(lab, holder)
            // Somebody's own address on the other gateway stays his.
            try #require(try lab.exec(other, "ip", "address", "add", "192.0.2.78/32", "dev", "eth0").succeeded)
            try deletePolicy(lab)
            try await eventually("the address and its lock are gone") { try holders(lab).isEmpty && lock() == nil }
            #expect(try lab.exec(other, "ip", "-o", "address", "show", "dev", "eth0").output.contains("192.0.2.78/32"))
            #expect(try lab.seen("mediabot") == "192.0.2.11")
        }
    }

    /// A hand that deletes it, and the death of helper and agent.
    private func survives(_ lab: Lab, _ holder: String) async throws {
        try #require(try lab.exec(holder, "ip", "address", "del", "\(Self.address)/32", "dev", "eth0").succeeded)
        let began = ContinuousClock.now
        try await eventually("it is back") { try holders(lab) == [holder] }
        #expect(began.duration(to: .now) < .seconds(1))
        for program in ["agent", "helper"] { try lab.call("stop", holder, program, "KILL") }
        #expect(try holders(lab) == [holder], "nobody takes it away")
        #expect(try lab.seen("mediabot") == Self.address)
        try lab.call("start", holder)
        try await Task.sleep(for: .seconds(2))
        #expect(try holders(lab) == [holder])
        #expect(try lab.seen("mediabot") == Self.address)
    }

    @Test func `an address that was put there by hand is used, and stays`() async throws {
        try await with { lab in
            try #require(try lab.exec("node-2", "ip", "address", "add", "\(Self.address)/32", "dev", "eth0").succeeded)
            try lab.apply(samplePolicy(source: "", annotations: "kubectl-egress.dev/strategy: claimer"), wait: false)
            #expect(try await lab.eventuallySeen("mediabot", as: Self.address, within: 10) == Self.address)
            try deletePolicy(lab)
            #expect(try await lab.eventuallySeen("mediabot", as: "192.0.2.11", within: 10) == "192.0.2.11")
            try await Task.sleep(for: .seconds(1))
            #expect(try holders(lab) == ["node-2"])
        }
    }

    @Test(.requires(.api)) func `on an API server the lock is a Lease, which goes over when its holder's agent gives it back`() async throws
    {
        try await with(onAPI: true) { lab in
            func lock() throws -> String? {
                let text = try lab.kubectl(
                    "get", "leases", "-n", "kubectl-egress", "-l", "kubectl-egress.dev/egress-ip=true", "-o",
                    "jsonpath={.items[*].metadata.name} {.items[*].spec.holderIdentity}")
                let parts = text.split(separator: " ").map(String.init)
                return parts.first == "egress-ip-192-0-2-77" ? parts.last : nil
            }
            let (holder, other) = try await oneHolds(lab, lock: lock)
            // The holder is no gateway any more: it drops the address, and only then is the lock another's.
            try lab.kubectl("label", "node", holder, "role-")
            try await eventually("the other has it", within: 20) { try holders(lab) == [other] && lock() == other }
            #expect(try await lab.eventuallySeen("mediabot", as: Self.address, within: 10) == Self.address)
            try lab.kubectl("delete", "ciliumegressgatewaypolicies", "--all")
            try await eventually("the address and its lock are gone") { try holders(lab).isEmpty && lock() == nil }
        }
    }

    private func deletePolicy(_ lab: Lab) throws {
        for file in try FileManager.default.contentsOfDirectory(atPath: lab.cluster.path) where file.hasPrefix("ciliumegressgatewaypolicy.")
        {
            try FileManager.default.removeItem(at: lab.cluster.appendingPathComponent(file))
        }
    }
}
