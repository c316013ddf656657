import EgressModel
import EgressPlan
import Testing

@testable import EgressHelper

@Suite struct ClaimTests {
    private static let address = IPAddress(ipv4: 0xC633_6407)
    private static let claimed = ClaimedAddress(address, interfaceIndex: 2)

    private func claiming(_ plan: NodePlan) throws -> NodePlan {
        var plan = plan
        plan.entries = [
            PlannedEntry(
                policyUID: "uid-9", policyName: "claims", entry: 0, id: 17, ipv4: [Self.address], interface: "eth0", claims: true,
                destinations: [try #require(IPPrefix("203.0.113.0/24"))])
        ]
        return plan
    }

    @Test func `a plan puts an address on the interface and announces it, the next one takes it away`() async throws {
        try await ServiceFixture.run { fixture in
            let service = try await fixture.start()
            _ = try await service.apply(try claiming(.steering(pods: [7])), revision: 1)
            #expect(fixture.kernel.datapath.claimedAddresses == [Self.claimed])
            #expect(fixture.kernel.announced == [Self.claimed])
            #expect(try await service.state().claimedAddresses == [Self.claimed])
            _ = try await service.apply(.steering(pods: [7]), revision: 2)
            #expect(fixture.kernel.datapath.claimedAddresses.isEmpty)
            #expect(fixture.kernel.announced.count == 1)
        }
    }

    @Test func `an address that somebody deleted comes back with the news of it, and is announced`() async throws {
        try await ServiceFixture.run { fixture in
            let service = try await fixture.start()
            _ = try await service.apply(try claiming(.steering(pods: [7])), revision: 1)
            // Before the helper heard of its own address.
            try fixture.kernel.removeAddress(Self.claimed)
            await service.hostChanged()
            #expect(fixture.kernel.datapath.claimedAddresses == [Self.claimed])
        }
    }

    @Test func `a restart takes nothing away and puts nothing on twice`() async throws {
        try await ServiceFixture.run { fixture in
            _ = try await fixture.start().apply(try claiming(.steering(pods: [7])), revision: 1)
            let restarted = try await fixture.start()
            #expect(fixture.kernel.datapath.claimedAddresses == [Self.claimed])
            await restarted.hostChanged()
            #expect(fixture.kernel.done.count { $0 == .addAddress(Self.claimed) } == 1)
            // Marked by an earlier helper, and in no plan.
            let stray = ClaimedAddress(.gateway, interfaceIndex: 2)
            fixture.kernel.disturb { $0.claimedAddresses.insert(stray) }
            _ = try await restarted.apply(try claiming(.steering(pods: [])), revision: 2)
            #expect(fixture.kernel.datapath.claimedAddresses == [Self.claimed])
        }
    }

    @Test func `a refused address keeps the plan from being in force, and the helper says why`() async throws {
        try await ServiceFixture.run { fixture in
            let service = try await fixture.start()
            fixture.kernel.refuse { $0 == .addAddress(Self.claimed) }
            let error = await #expect(throws: HelperError.self) {
                try await service.apply(try claiming(.steering(pods: [7])), revision: 1)
            }
            #expect(error?.code == "kernel_refused")
            #expect(error?.message.contains("put 198.51.100.7 on interface 2") == true)
            #expect(fixture.kernel.datapath.entries.isEmpty)
        }
    }

    @Test func `a link that comes back is announced on again`() async throws {
        try await ServiceFixture.run { fixture in
            let service = try await fixture.start()
            fixture.kernel.unplug([2])
            _ = try await service.apply(try claiming(.steering(pods: [7])), revision: 1)
            #expect(fixture.kernel.announced.isEmpty)
            fixture.kernel.unplug([])
            await service.hostChanged()
            #expect(fixture.kernel.announced == [Self.claimed])
        }
    }

    @Test func `an address is announced three times, a new one at once`() {
        var announcements = Announcements()
        let other = ClaimedAddress(.gateway, interfaceIndex: 3)
        #expect(announcements.update([Self.claimed], live: [2, 3]) == [Self.claimed])
        #expect(announcements.next() == [Self.claimed])
        #expect(announcements.update([Self.claimed, other], live: [2, 3]) == [other])
        #expect(announcements.next() == [other, Self.claimed].sorted())
        #expect(announcements.next() == [other])
        #expect(announcements.isDone)
        #expect(announcements.update([Self.claimed, other], live: [3]).isEmpty)
        #expect(announcements.update([Self.claimed, other], live: [2, 3]) == [Self.claimed])
        #expect(announcements.update([other], live: [2, 3]).isEmpty && announcements.isDone, "what is gone isn't announced")
    }
}
