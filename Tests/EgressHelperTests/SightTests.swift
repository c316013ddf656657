import EgressHelper
import EgressModel
import EgressPlan
import EgressPolicy
import EgressPorts
import Testing

/// What the service makes of the datapath's events: names, filters, and a watch only while somebody looks.
@Suite struct SightTests {
    private static func event(_ index: Int = 7, _ kind: FlowEvent.Kind = .opened) -> DatapathEvent {
        DatapathEvent(
            time: 1, kind: kind, transport: .tcp, reason: kind == .dropped ? 4 : 0, interfaceIndex: index, policy: 1, entry: 17,
            peer: .gateway, source: Endpoint(.pod(index), 40_000), remote: Endpoint(IPAddress(ipv4: 0xC633_6409), 443))
    }

    private static func plan(_ pods: [Int]) throws -> NodePlan {
        var plan = try NodePlan.steering(pods: pods)
        let policy = EgressGatewayPolicy(
            metadata: ObjectMetadata(name: "sample", uid: "uid-1"), selectors: [], destinationCIDRs: [], excludedCIDRs: [], gateways: [])
        plan.policies = [PlannedPolicy(accepted: policy, pods: pods.count)]
        return plan
    }

    @Test func `an event has the names of the plan in force`() async throws {
        try await ServiceFixture.run { fixture in
            let service = try await fixture.start()
            _ = try await service.apply(Self.plan([7]), revision: 1)
            var news = try await service.flows(FlowQuery()).makeAsyncIterator()
            #expect(try await news.next()?.event == nil)
            fixture.kernel.happen([Self.event()])
            let event = try #require(try await news.next()?.event)
            #expect(event.pod == ObjectReference(kind: "Pod", namespace: "default", name: "pod-7"))
            #expect(event.policy == "sample" && event.podNode == "node-1" && event.gatewayNode == "node-2" && event.code == nil)
            fixture.kernel.happen([Self.event(7, .dropped)])
            #expect(try await news.next()?.event?.code == ReasonCode(rawValue: "EG3004"))
        }
    }

    @Test func `a restarted helper knows the names before a plan comes`() async throws {
        try await ServiceFixture.run { fixture in
            _ = try await fixture.start().apply(Self.plan([7]), revision: 1)
            let service = try await fixture.start()
            var news = try await service.flows(FlowQuery()).makeAsyncIterator()
            _ = try await news.next()
            fixture.kernel.happen([Self.event()])
            #expect(try await news.next()?.event?.pod?.name == "pod-7")
        }
    }

    @Test func `the datapath is watched once, and only while somebody looks`() async throws {
        try await ServiceFixture.run { fixture in
            let service = try await fixture.start()
            #expect(!fixture.kernel.isWatched)
            var first: AsyncThrowingStream<FlowNews, any Error>? = try await service.flows(FlowQuery())
            var second: AsyncThrowingStream<FlowNews, any Error>? = try await service.flows(FlowQuery())
            #expect(fixture.kernel.isWatched && fixture.kernel.watches == 1)
            withExtendedLifetime(first) {}
            first = nil
            #expect(fixture.kernel.isWatched)
            withExtendedLifetime(second) {}
            second = nil
            #expect(!fixture.kernel.isWatched)
            let third = try await service.flows(FlowQuery())
            #expect(fixture.kernel.isWatched && fixture.kernel.watches == 2)
            withExtendedLifetime(third) {}
        }
    }

    @Test func `each watcher hears what it asked for, and of losses`() async throws {
        try await ServiceFixture.run { fixture in
            fixture.kernel.become(.node(pods: [7, 8]))
            let service = try await fixture.start()
            _ = try await service.apply(Self.plan([7, 8]), revision: 1)
            let filter = ConnectionFilter(namespace: "default", pod: "pod-8")
            var one = try await service.flows(FlowQuery(filter: filter, kinds: [.closed])).makeAsyncIterator()
            var all = try await service.flows(FlowQuery()).makeAsyncIterator()
            _ = try await (one.next(), all.next())
            fixture.kernel.happen([Self.event(7), Self.event(8)])
            fixture.kernel.happen([Self.event(8, .closed)], lost: 5)
            let heard = try #require(try await one.next())
            #expect(heard.event?.pod?.name == "pod-8" && heard.event?.kind == .closed && heard.lost == 5)
            #expect(try await all.next()?.lost == 0)
            #expect(try await all.next()?.event?.pod?.name == "pod-8")
            #expect(try await all.next()?.lost == 5)
        }
    }

    @Test func `a watcher that doesn't read loses the oldest, and every loss is counted`() async throws {
        try await ServiceFixture.run { fixture in
            let service = try await fixture.start()
            var news = try await service.flows(FlowQuery()).makeAsyncIterator()
            let total = 20_000
            fixture.kernel.happen((0..<total).map { _ in Self.event() })
            fixture.kernel.happen([Self.event(7, .closed)])
            var (seen, lost) = (0, UInt64(0))
            while let next = try await news.next() {
                seen += next.event == nil ? 0 : 1
                lost += next.lost
                if next.event?.kind == .closed { break }
            }
            // The losses of the very last ones are told with the next event.
            fixture.kernel.happen([Self.event()])
            lost += try await news.next()?.lost ?? 0
            #expect(seen < total && seen + Int(lost) >= total + 1 && seen + Int(lost) <= total + 2)
        }
    }

    @Test func `a trace is of a pod that the plan has, from its own address`() async throws {
        try await ServiceFixture.run { fixture in
            let service = try await fixture.start()
            _ = try await service.apply(Self.plan([7]), revision: 1)
            let destination = Endpoint(IPAddress(ipv4: 0xC633_6409), 443)
            let result = try await service.trace(TraceRequest(origin: .pod(namespace: "default", name: "pod-7"), destination: destination))
            #expect(result.node == "node-1" && result.source.address == .pod(7))
            #expect(fixture.kernel.probes.map(\.entrance) == [.pod(interfaceIndex: 7, source: .pod(7))])
            let error = await #expect(throws: HelperError.self) {
                try await service.trace(TraceRequest(origin: .pod(namespace: "default", name: "pod-9"), destination: destination))
            }
            #expect(error?.code == "not_found")
            _ = try await service.trace(TraceRequest(origin: .node(name: "node-2", entry: 5, source: .pod(9)), destination: destination))
            #expect(fixture.kernel.probes.last?.entrance == .tunnel(from: .gateway, entry: 5, source: .pod(9)))
        }
    }

    @Test func `translations are listed with names`() async throws {
        try await ServiceFixture.run { fixture in
            let service = try await fixture.start()
            _ = try await service.apply(Self.plan([7]), revision: 1)
            let list = try await service.translations(TranslationQuery())
            #expect(list.total == 1 && list.translations.first?.pod?.name == "pod-7" && list.translations.first?.policy == "sample")
            #expect(try await service.translations(TranslationQuery(filter: ConnectionFilter(policy: "other"))).total == 0)
        }
    }
}
