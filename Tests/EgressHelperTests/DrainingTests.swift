import EgressHelper
import EgressModel
import EgressPlan
import EgressPolicy
import Testing

@Suite struct DrainingTests {
    private static let old = IPAddress(ipv4: 0xC633_6407)
    private static let new = IPAddress(ipv4: 0xC633_6408)

    private func plan(_ address: IPAddress) throws -> NodePlan {
        var plan = try NodePlan.steering(pods: [7])
        plan.entries = [
            PlannedEntry(
                policyUID: "uid-1", policyName: "p", entry: 0, id: 3, ipv4: [address], destinations: [try #require(IPPrefix("0.0.0.0/0"))])
        ]
        return plan
    }

    /// A helper whose entry has lost its old address, which the node still has.
    private func changed(_ fixture: ServiceFixture) async throws -> HelperService {
        var facts = HostFacts.node(pods: [7])
        facts.interfaces[0].facts.addresses.append(try #require(InterfaceAddress("198.51.100.7/32")))
        fixture.kernel.become(facts)
        let service = try await fixture.start()
        _ = try await service.apply(plan(Self.old), revision: 1)
        _ = try await service.apply(plan(Self.new), revision: 2)
        return service
    }

    @Test func `an address drains while translations have it, and the helper looks once a minute`() async throws {
        try await ServiceFixture.run { fixture in
            let kernel = fixture.kernel
            let service = try await changed(fixture)
            #expect(kernel.datapath.entries[3]?.draining == [Self.old])
            kernel.use([3: [Self.old]])
            for _ in 0..<6 { await service.tend() }
            #expect(kernel.datapath.entries[3]?.draining == [Self.old])
            // A helper that starts anew finds it in the kernel.
            let next = try await fixture.start()
            await next.tend()
            #expect(kernel.datapath.entries[3]?.draining == [Self.old])
            kernel.use([3: [Self.new]])
            for _ in 0..<6 { await next.tend() }
            #expect(kernel.datapath.entries[3]?.draining == [])
            #expect(kernel.datapath.egressAddresses[Self.old] == nil)
        }
    }

    @Test func `an address that leaves the node ends its translations at once`() async throws {
        try await ServiceFixture.run { fixture in
            let kernel = fixture.kernel
            let service = try await changed(fixture)
            kernel.use([3: [Self.old]])
            #expect(!kernel.done.contains(.forgetTranslations(entry: 3)))
            kernel.become(.node(pods: [7]))
            await service.hostChanged()
            #expect(kernel.done.contains(.forgetTranslations(entry: 3)))
            #expect(kernel.datapath.egressAddresses[Self.old] == nil)
        }
    }
}
