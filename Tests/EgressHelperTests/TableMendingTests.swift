import EgressHelper
import EgressModel
import EgressPlan
import Testing

/// Our nft table, under somebody else's hand.
@Suite struct TableMendingTests {
    @Test func `a table that somebody removed is written again at once, and one that stands is not`() async throws {
        try await ServiceFixture.run { fixture in
            let service = try await fixture.start()
            _ = try await service.apply(.steering(pods: [7]), revision: 1)
            let before = fixture.kernel.netfilter
            await service.hostChanged()
            #expect(fixture.kernel.netfilterWrites == 1)
            fixture.kernel.loseTable()
            await service.hostChanged()
            #expect(fixture.kernel.netfilterWrites == 2 && fixture.kernel.netfilter == before)
            for _ in 0..<3 { await service.hostChanged() }
            #expect(fixture.kernel.netfilterWrites == 2, "our own writing is no reason to write")
        }
    }

    @Test func `connections that were open are let on again before the guard is back`() async throws {
        try await ServiceFixture.run { fixture in
            let service = try await fixture.start()
            _ = try await service.apply(.steering(pods: [7]), revision: 1)
            let remote = try #require(IPAddress("198.51.100.9"))
            let open = LiveConnection(transport: .tcp, pod: .pod(7), podPort: 1, remote: remote, remotePort: 443)
            fixture.kernel.record(open, of: 7)
            fixture.kernel.loseTable()
            await service.hostChanged()
            #expect(fixture.kernel.pastTheGuard == [open])
            #expect(fixture.kernel.netfilterWrites == 2)
        }
    }

    @Test func `who removes it again and again gets it back again and again, but not without end`() async throws {
        try await ServiceFixture.run { fixture in
            let service = try await fixture.start()
            _ = try await service.apply(.steering(pods: [7]), revision: 1)
            fixture.kernel.loseTable(always: true)
            let end = ContinuousClock.now + .milliseconds(600)
            while ContinuousClock.now < end {
                await service.hostChanged()
                try await Task.sleep(for: .milliseconds(1))
            }
            #expect((2...5).contains(fixture.kernel.netfilterWrites), "\(fixture.kernel.netfilterWrites)")
            fixture.kernel.loseTable()
            let before = fixture.kernel.netfilterWrites
            // No change of the node says so: the look comes by itself.
            for _ in 0..<200 where fixture.kernel.netfilterWrites == before { try await Task.sleep(for: .milliseconds(10)) }
            #expect(fixture.kernel.netfilterWrites == before + 1)
            try await Task.sleep(for: .milliseconds(300))
            #expect(fixture.kernel.netfilterWrites == before + 1)
        }
    }

    @Test func `a refusal is tried again`() async throws {
        try await ServiceFixture.run { fixture in
            let service = try await fixture.start()
            _ = try await service.apply(.steering(pods: [7]), revision: 1)
            fixture.kernel.refuse { if case .setNetfilter = $0 { true } else { false } }
            fixture.kernel.loseTable()
            await service.hostChanged()
            #expect(fixture.kernel.netfilterWrites == 1)
            fixture.kernel.refuse(nil)
            for _ in 0..<300 where fixture.kernel.netfilterWrites == 1 { try await Task.sleep(for: .milliseconds(10)) }
            #expect(fixture.kernel.netfilterWrites == 2)
        }
    }
}
