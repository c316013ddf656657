import Foundation
import TestKit
import Testing

/// An address that a module claims: two gateways could have it, one does, and what it put on its interface goes with the
/// policy.
@Suite(.requires(.lab), .serialized)
struct ClaimTests {
    private static let address = "192.0.2.77"

    private static let strategy =
        "kubectl-egress.dev/strategy: static, kubectl-egress.dev/strategy-config: "
        + "'{\"ipv4\": [\"\(address)\"], \"interface\": \"eth0\", \"claim\": true}'"

    private let policy = samplePolicy(gatewayLabel: "role: egress", source: "", annotations: Self.strategy)

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
        try await Lab.with { lab in
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
        #expect(began.duration(to: .now) < .seconds(8))
        for program in ["agent", "helper"] { try lab.call("stop", holder, program, "KILL") }
        #expect(try holders(lab) == [holder], "nobody takes it away")
        #expect(try lab.seen("mediabot") == Self.address)
        try lab.call("start", holder)
        try await Task.sleep(for: .seconds(2))
        #expect(try holders(lab) == [holder])
        #expect(try lab.seen("mediabot") == Self.address)
    }

    @Test func `an address that was put there by hand is used, and stays`() async throws {
        try await Lab.with { lab in
            try #require(try lab.exec("node-2", "ip", "address", "add", "\(Self.address)/32", "dev", "eth0").succeeded)
            try lab.apply(samplePolicy(source: "", annotations: Self.strategy), wait: false)
            #expect(try await lab.eventuallySeen("mediabot", as: Self.address, within: 10) == Self.address)
            try deletePolicy(lab)
            #expect(try await lab.eventuallySeen("mediabot", as: "192.0.2.11", within: 10) == "192.0.2.11")
            try await Task.sleep(for: .seconds(1))
            #expect(try holders(lab) == ["node-2"])
        }
    }

    @Test(.requires(.api)) func `on an API server the lock is a Lease, which goes over when its holder's agent gives it back`() async throws
    {
        try await Lab.with(onAPI: true) { lab in
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
