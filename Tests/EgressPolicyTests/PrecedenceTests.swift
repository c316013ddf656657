import EgressModel
import EgressPolicy
import EngineSamples
import Testing

@Suite struct PrecedenceTests {
    private func effective(_ policies: EgressGatewayPolicy...) -> EffectivePolicy {
        var snapshot = ClusterSnapshot.sample()
        snapshot.policies = policies.map(\.object)
        return resolve(snapshot.announced())
    }

    private func rule(_ effective: EffectivePolicy, _ address: IPAddress) -> ResolvedRule? {
        effective.pods.first { $0.pod.name == "mediabot" }?.rule(for: address)
    }

    @Test func `the longest prefix decides, whichever policy has it`() {
        let result = effective(.sample("wide", priority: 9), .sample("narrow", to: ["203.0.113.0/24"]))
        #expect(rule(result, "203.0.113.9")?.policy == "narrow")
        #expect(rule(result, "198.51.100.9")?.policy == "wide")
        #expect(!result.findings.contains { $0.code == .overlapLost })
    }

    @Test func `an exclusion is a prefix too, also against another policy's wider destination`() {
        let result = effective(.sample("a", to: ["203.0.113.0/24"], except: ["203.0.113.128/25"]), .sample("b"))
        #expect(rule(result, "203.0.113.200")?.action == .exclude)
        #expect(rule(result, "203.0.113.1")?.action == .gateway)
    }

    @Test func `a longer destination wins against an exclusion`() {
        let result = effective(.sample("a", to: ["203.0.113.7/32"], except: ["203.0.113.0/24"]))
        #expect(rule(result, "203.0.113.7")?.action == .gateway)
        #expect(rule(result, "203.0.113.8")?.action == .exclude)
    }

    @Test func `an exclusion wins over an equal destination of its own policy`() {
        let result = effective(.sample("a", to: ["203.0.113.0/24", "0.0.0.0/0"], except: ["203.0.113.0/24"]))
        #expect(rule(result, "203.0.113.7")?.action == .exclude)
    }

    @Test func `of equal prefixes the higher priority wins, against age and an exclusion`() {
        let old = EgressGatewayPolicy.sample(
            "a", to: ["0.0.0.0/0", "203.0.113.0/24"], except: ["203.0.113.0/24"], created: "2020-01-01T00:00:00Z")
        let result = effective(old, .sample("z", to: ["0.0.0.0/0", "203.0.113.0/24"], priority: 1))
        #expect(rule(result, "9.9.9.9")?.policy == "z")
        #expect(rule(result, "203.0.113.7")?.action == .gateway)
        #expect(rule(result, "203.0.113.7")?.beats == ["a"])
    }

    @Test func `then the older one wins, and no creation time is the youngest`() {
        let result = effective(.sample("a"), .sample("c", created: "2026-02-01T00:00:00Z"), .sample("b", created: "2026-01-01T00:00:00Z"))
        #expect(rule(result, "9.9.9.9")?.policy == "b")
        #expect(rule(result, "9.9.9.9")?.beats == ["c", "a"])
    }

    @Test func `then the first name in order of octets`() {
        #expect(rule(effective(.sample("b2"), .sample("b10")), "9.9.9.9")?.policy == "b10")
    }

    @Test func `the loser is told once for each winner and prefix, with pods and an example`() throws {
        let losses = effective(.sample("b"), .sample("a")).findings.filter { $0.code == .overlapLost }
        let loss = try #require(losses.first)
        #expect(losses.count == 1)
        #expect(loss.object?.name == "b")
        #expect(loss.field == "spec.destinationCIDRs[0]")
        #expect(loss.message.contains("policy a decides 0.0.0.0/0 for 3 pods, such as default/bystander"))
    }

    @Test func `two equal exclusions are no conflict`() {
        let result = effective(
            .sample("a", to: ["203.0.113.0/24"], except: ["203.0.113.7/32"]),
            .sample("b", to: ["198.51.100.0/24"], except: ["203.0.113.7/32"]))
        #expect(!result.findings.contains { $0.code == .overlapLost })
    }

    @Test func `an exclusion outside any destination of its policy is told`() {
        let findings = effective(.sample("a", to: ["203.0.113.0/24"], except: ["203.0.113.0/25", "10.0.0.0/8"])).findings
        #expect(findings.filter { $0.code == .exclusionWithoutEffect }.map(\.field) == ["spec.excludedCIDRs[1]"])
    }

    @Test func `a pod has rules only of the families that it has addresses of`() {
        var snapshot = ClusterSnapshot.sample(.sample("a", to: ["0.0.0.0/0", "::/0"]))
        snapshot.pods = [.sample("four", at: "10.244.1.1"), .sample("six", at: "fd00::1"), .sample("two", at: "fd00::2", "10.244.1.2")]
        #expect(resolve(snapshot).pods.map { $0.rules.map(\.prefix.description) } == [["0.0.0.0/0"], ["::/0"], ["0.0.0.0/0", "::/0"]])
        #expect(resolve(snapshot).pods[2].rules.map(\.source.description) == ["10.244.1.2", "fd00::2"])
    }
}
