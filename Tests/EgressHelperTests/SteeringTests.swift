import EgressHelper
import EgressModel
import EgressPlan
import Testing

@Suite struct SteeringTests {
    private static let calico = ForwardPolicy(.calico, place: "nft ip filter cali-FORWARD")
    private static let routes = StackRoutes(tunnelIndex: 5, mark: SteeringMark.standard, mtu: 1450)

    @Test func `pods flip to the stack by themselves, with its route before and until after`() async throws {
        try await ServiceFixture.run { fixture in
            let service = try await fixture.start()
            _ = try await service.apply(.steering(pods: [7]), revision: 1)
            #expect(fixture.kernel.datapath.pods[7]?.steering == .redirect)
            #expect(fixture.kernel.netfilter.stackMark == nil)
            #expect(fixture.kernel.stackRoutes == [nil], "what a helper before may have left goes")

            var facts = HostFacts.node(pods: [7])
            facts.forward = [Self.calico]
            fixture.kernel.become(facts)
            await service.hostChanged()
            #expect(fixture.kernel.datapath.pods[7]?.steering == .stack)
            #expect(fixture.kernel.netfilter.stackMark == SteeringMark.standard)
            #expect(fixture.kernel.stackRoutes.last == Self.routes)
            #expect(fixture.kernel.loosened == [[.pod(7)]])
            let tunnel = Attachment(program: .stack, interfaceIndex: 5)
            #expect(fixture.kernel.datapath.attachments.contains(tunnel))
            let status = try await service.status()
            #expect(status.steering.default == .stack && status.steering.reason.contains("Calico"))

            fixture.kernel.become(.node(pods: [7]))
            await service.hostChanged()
            #expect(fixture.kernel.datapath.pods[7]?.steering == .redirect)
            #expect(fixture.kernel.datapath.attachments.contains(tunnel), "packets that were marked are on their way")
            #expect(fixture.kernel.stackRoutes.last == Self.routes)
            for _ in 0..<6 { await service.tend() }
            #expect(!fixture.kernel.datapath.attachments.contains(tunnel))
            #expect(fixture.kernel.netfilter.stackMark == nil)
            #expect(fixture.kernel.stackRoutes.last == .some(nil))
        }
    }

    @Test func `the node's annotation decides, and is told`() async throws {
        try await ServiceFixture.run { fixture in
            let service = try await fixture.start()
            var plan = try NodePlan.steering(pods: [7])
            plan.steering = .stack
            _ = try await service.apply(plan, revision: 1)
            #expect(fixture.kernel.datapath.pods[7]?.steering == .stack)
            #expect(try await service.facts().steering.reason == "the node's annotation kubectl-egress.dev/steering says so")
            plan.steering = nil
            _ = try await service.apply(plan, revision: 2)
            #expect(fixture.kernel.datapath.pods[7]?.steering == .redirect)
        }
    }
}
