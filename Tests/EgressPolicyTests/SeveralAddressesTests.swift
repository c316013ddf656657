import EgressModel
import EgressPolicy
import EngineSamples
import Testing

@Suite struct SeveralAddressesTests {
    private static let addresses: [IPAddress] = ["198.51.100.21", "198.51.100.22", "198.51.100.23"]

    /// A policy by a plugin, and 30 pods of two nodes. The gateway announced the addresses.
    private func cluster(_ addresses: [IPAddress]) -> ClusterSnapshot {
        var policy = EgressGatewayPolicy.sample("p")
        policy.strategy = StrategyReference(name: "spread", configuration: "{}")
        var snapshot = ClusterSnapshot.sample(policy)
        snapshot.pods = (0..<30).map { number in
            .sample("pod-\(number)", on: "node-\(number % 2 + 1)", at: IPAddress(ipv4: 0x0AF4_0100 + UInt32(number % 2 << 8 + number)))
        }
        snapshot.egressNodes[1].resolutions = [
            EntryResolution(policy: "p", uid: "policy-p", entry: 0, id: 3, ipv4: addresses, ipv6: [], interface: nil, code: "", reason: "")
        ]
        return snapshot
    }

    @Test func `each pod's rule, verdict and steps name the address that the pod has`() throws {
        let effective = resolve(cluster(Self.addresses))
        for pod in effective.pods {
            let source = try #require(pod.pod.addresses.first)
            let expected = try #require(EgressAddressChoice.address(for: source, of: Self.addresses))
            #expect(pod.rules.map(\.egressIP) == [expected])
            #expect(pod.rules.first?.reason.text == "leaves by \(expected) of node-2, one of 3 by the pod's address")
            let explanation = explain(pod.pod, to: Destination(address: "9.9.9.9"), in: effective)
            #expect(explanation.verdict?.egressIP == expected)
            #expect(explanation.verdict?.sentence.contains("leaves by \(expected) ") == true)
            #expect(explanation.steps.contains { $0.step == .address && $0.detail.hasPrefix(expected.description) })
        }
        #expect(Set(effective.pods.flatMap { $0.rules.map(\.egressIP) }).count == 3)
    }

    @Test func `the order in which addresses were announced makes no difference`() {
        #expect(resolve(cluster(Self.addresses)).pods == resolve(cluster(Self.addresses.reversed() + Self.addresses)).pods)
    }

    @Test func `a gateway has the addresses that are used, the lowest sixteen`() throws {
        let many = (1...20).map { IPAddress(ipv4: 0xC633_6400 + UInt32($0)) }
        let effective = resolve(cluster(many.reversed()))
        #expect(effective.policies[0].entries[0].candidates.first?.ipv4 == .addresses(Array(many.prefix(16))))
        let used = Set(effective.pods.flatMap { $0.rules.compactMap(\.egressIP) })
        #expect(used.isSubset(of: many.prefix(16)))
    }

    @Test func `what isn't known for certain has the pod's address all the same`() throws {
        var snapshot = cluster(Self.addresses)
        snapshot.unread = [UnreadKind(kind: .node, code: .readForbidden, reason: "nodes are forbidden")]
        for pod in resolve(snapshot).pods {
            let source = try #require(pod.pod.addresses.first)
            #expect(pod.rules.first?.reason.code == .readForbidden)
            #expect(pod.rules.first?.egressIP == EgressAddressChoice.address(for: source, of: Self.addresses))
        }
    }
}
