import EgressHelper
import EgressModel
import EgressPlan
import EgressPolicy
import Testing

@Suite struct PlanTakingTests {
    @Test func `nothing in the kernel changes before a plan comes`() async throws {
        try await ServiceFixture.run { fixture in
            let service = try await fixture.start()
            await service.hostChanged()
            await service.tend()
            #expect(fixture.kernel.done.isEmpty)
            #expect(fixture.kernel.netfilterWrites == 0)
            #expect(try await service.status().revision == 0)
            #expect(await service.plan() == nil)
        }
    }

    @Test func `a plan is in the kernel when it is answered`() async throws {
        try await ServiceFixture.run { fixture in
            let service = try await fixture.start()
            let plan = try NodePlan.steering(pods: [7])
            let applied = try await service.apply(plan, revision: 3)
            #expect(applied.revision == 3)
            #expect(applied.changed >= fixture.kernel.done.count)
            #expect(fixture.kernel.datapath.pods[7]?.ipv4 == .pod(7))
            #expect(fixture.kernel.datapath.attachments.contains(Attachment(program: .pod, interfaceIndex: 7)))
            #expect(fixture.kernel.netfilter.tunnelPort == 8474)
            #expect(try fixture.kernel.revision() == 3)
            #expect(try await service.state().netfilter == fixture.kernel.netfilter)
            #expect(await service.plan()?.revision == 3)
            #expect(await service.plan()?.plan == plan)
            let status = try await service.status()
            #expect(status.attachments.contains(AttachedProgram(program: .pod, interface: "veth7", interfaceIndex: 7)))
            #expect(status.notGoverned.isEmpty && status.lastError == nil)
        }
    }

    @Test func `the same plan again is done, an older or equal revision is stale`() async throws {
        try await ServiceFixture.run { fixture in
            let service = try await fixture.start()
            let plan = try NodePlan.steering(pods: [7])
            let other = NodePlan(node: "node-1", tunnel: TunnelPlan(address: nil))
            _ = try await service.apply(plan, revision: 3)
            #expect(try await service.apply(plan, revision: 3) == PlanApplied(revision: 3, changed: 0))
            #expect(try await service.apply(plan, revision: 4).changed == 0)
            for (stale, revision) in [(other, 4), (plan, 3), (plan, 0)] as [(NodePlan, UInt64)] {
                let error = await #expect(throws: HelperError.self) { try await service.apply(stale, revision: revision) }
                #expect(error?.code == "stale_revision")
                #expect(error?.message == "revision \(revision) is not newer than 4, which is in force")
            }
        }
    }

    @Test func `a plan for another node is refused`() async throws {
        try await ServiceFixture.run { fixture in
            let service = try await fixture.start()
            let error = await #expect(throws: HelperError.self) {
                try await service.apply(NodePlan(node: "node-9", tunnel: TunnelPlan(address: nil)), revision: 1)
            }
            #expect(error?.message == "params.plan.node: the plan is for node-9, and this is node-1")
        }
    }

    @Test func `a refused step stops the rest, is named, and the next plan goes on from what is there`() async throws {
        try await ServiceFixture.run { fixture in
            let service = try await fixture.start()
            let plan = try NodePlan.steering(pods: [7])
            fixture.kernel.refuse { if case .setPod = $0 { true } else { false } }
            let error = await #expect(throws: HelperError.self) { try await service.apply(plan, revision: 1) }
            #expect(error?.code == "kernel_refused")
            #expect(error?.message.hasPrefix("the kernel refused to write the pod behind interface 7 (step ") == true)
            #expect(error?.message.hasSuffix("Cannot allocate memory (errno 12)") == true)
            #expect(try await service.status().lastError == error?.message)
            #expect(try fixture.kernel.revision() == 0)
            #expect(await service.plan() == nil)
            #expect(fixture.files == ["starts.node-1"])
            let before = fixture.kernel.done
            fixture.kernel.refuse(nil)
            _ = try await service.apply(plan, revision: 2)
            #expect(fixture.kernel.datapath.pods[7] != nil)
            // Forgetting connections leaves no trace to read back, so that it is done again.
            let again = fixture.kernel.done.dropFirst(before.count).filter { if case .forgetFlows = $0 { false } else { true } }
            #expect(Set(before).isDisjoint(with: again))
            #expect(try await service.status().lastError == nil)
        }
    }

    @Test func `an nft table that was refused is written again`() async throws {
        try await ServiceFixture.run { fixture in
            let service = try await fixture.start()
            fixture.kernel.refuse { if case .setNetfilter = $0 { true } else { false } }
            let error = await #expect(throws: HelperError.self) { try await service.apply(.steering(pods: [7]), revision: 1) }
            #expect(error?.message.contains("replace the nft table") == true)
            fixture.kernel.refuse(nil)
            _ = try await service.apply(.steering(pods: [7]), revision: 2)
            #expect(fixture.kernel.netfilter.tunnelPort == 8474)
        }
    }

    @Test func `an empty plan takes everything away, also an nft table from before a restart`() async throws {
        try await ServiceFixture.run { fixture in
            _ = try await fixture.start().apply(.steering(pods: [7]), revision: 1)
            let restarted = try await fixture.start()
            _ = try await restarted.apply(.steering(pods: []), revision: 2)
            #expect(fixture.kernel.datapath.pods.isEmpty)
            #expect(fixture.kernel.datapath.attachments.isEmpty)
            #expect(fixture.kernel.netfilter == NetfilterRules())
        }
    }

    @Test func `ports of a shared address are reserved once`() async throws {
        try await ServiceFixture.run { fixture in
            let service = try await fixture.start()
            var plan = try NodePlan.steering(pods: [])
            plan.entries = [
                PlannedEntry(
                    policyUID: "uid-1", policyName: "p", entry: 0, id: 17, ipv4: [IPAddress(ipv4: 0xC000_020B)],
                    sharedAddresses: [IPAddress(ipv4: 0xC000_020B)],
                    destinations: [try #require(IPPrefix("198.51.100.0/24"))])
            ]
            _ = try await service.apply(plan, revision: 1)
            _ = try await service.apply(plan, revision: 2)
            let slice = try #require(fixture.kernel.datapath.entries[17]?.portSlice)
            #expect(fixture.kernel.reserved == [slice])
        }
    }
}
