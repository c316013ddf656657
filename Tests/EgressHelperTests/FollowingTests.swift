import EgressHelper
import EgressModel
import EgressPlan
import EgressPolicy
import Glibc
import Testing

@Suite struct FollowingTests {
    @Test func `a pod's device that appears after the plan is governed at once, and cleaned up when it goes`() async throws {
        try await ServiceFixture.run { fixture in
            let service = try await fixture.start()
            fixture.kernel.become(.node(pods: []))
            _ = try await service.apply(.steering(pods: [7]), revision: 1)
            let pod = ObjectReference(kind: "Pod", namespace: "default", name: "pod-7")
            #expect(try await service.status().notGoverned == [pod])
            fixture.kernel.become(.node(pods: [7]))
            await service.hostChanged()
            #expect(fixture.kernel.datapath.pods[7]?.ipv4 == .pod(7))
            #expect(try await service.status().notGoverned.isEmpty)
            fixture.kernel.become(.node(pods: []))
            await service.hostChanged()
            #expect(fixture.kernel.datapath.pods.isEmpty)
            #expect(try await service.status().notGoverned == [pod])
            #expect(try await service.status().revision == 1)
        }
    }

    @Test func `modules hear of interfaces and routes, and of no pod's device`() async throws {
        try await ServiceFixture.run { fixture in
            let service = try await fixture.start()
            fixture.kernel.become(.node(pods: [7, 8]))
            await service.hostChanged()
            #expect(fixture.kernel.told.isEmpty)
            var facts = HostFacts.node(pods: [7, 8])
            facts.interfaces[0].facts.addresses.append(try #require(InterfaceAddress("198.51.100.7/32")))
            facts.interfaces[0].facts.altNames = ["enp1s0"]
            fixture.kernel.become(facts)
            await service.hostChanged()
            await service.hostChanged()
            #expect(
                fixture.kernel.told == [
                    #"{"interfaces":[{"name":"eth0","altNames":["enp1s0"],"index":2,"addresses":["192.0.2.11/24","198.51.100.7/32"],"up":true}],"defaultRoute":{"ipv4":"eth0","ipv6":null}}"#
                ])
            facts.defaultRoute.ipv6 = "eth0"
            fixture.kernel.become(facts)
            _ = try await service.facts()
            #expect(fixture.kernel.told.count == 2)
        }
    }

    @Test func `after a restart the plan in force is known, and followed, without a new one`() async throws {
        try await ServiceFixture.run { fixture in
            let token = try #require(TunnelToken(octets: Array(1...12)))
            let plan = try NodePlan.steering(pods: [7, 8], tokens: [token])
            _ = try await fixture.start().apply(plan, revision: 9)
            let restarted = try await fixture.start()
            let inForce = await restarted.plan()
            #expect(inForce?.revision == 9 && inForce?.plan == plan)
            #expect(try await restarted.status().restarts == 1)
            fixture.kernel.become(.node(pods: [7, 8]))
            await restarted.hostChanged()
            #expect(fixture.kernel.datapath.pods.keys.sorted() == [7, 8])
            #expect(fixture.kernel.datapath.settings.tokens == [token])
            let error = await #expect(throws: HelperError.self) { try await restarted.apply(.steering(pods: []), revision: 9) }
            #expect(error?.code == "stale_revision")
        }
    }

    @Test func `a plan of another revision than the kernel's is not used`() async throws {
        try await ServiceFixture.run { fixture in
            _ = try await fixture.start().apply(.steering(pods: [7]), revision: 9)
            // The node booted: pins and maps are gone, the file is still there.
            try fixture.kernel.setRevision(0)
            fixture.kernel.disturb { $0 = DatapathState() }
            let restarted = try await fixture.start()
            #expect(await restarted.plan() == nil)
            await restarted.hostChanged()
            #expect(fixture.kernel.datapath.pods.isEmpty)
        }
    }

    @Test func `the plan's file is for root only and one is kept`() async throws {
        try await ServiceFixture.run { fixture in
            let service = try await fixture.start()
            for revision in 1...3 { _ = try await service.apply(.steering(pods: [7]), revision: UInt64(revision)) }
            #expect(fixture.files == ["plan.node-1.3.json", "starts.node-1"])
            var status = stat()
            #expect(stat("\(fixture.folder)/plan.node-1.3.json", &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600)
        }
    }

    @Test func `a broken plan file is no plan`() async throws {
        try await ServiceFixture.run { fixture in
            _ = try await fixture.start().apply(.steering(pods: [7]), revision: 1)
            truncate("\(fixture.folder)/plan.node-1.1.json", 100)
            let restarted = try await fixture.start()
            #expect(await restarted.plan() == nil)
            #expect(try await restarted.status().revision == 1)
        }
    }

    @Test func `what somebody else removed comes back with the housekeeping`() async throws {
        try await ServiceFixture.run { fixture in
            let service = try await fixture.start()
            _ = try await service.apply(.steering(pods: [7]), revision: 1)
            fixture.kernel.disturb { $0.attachments = [] }
            for _ in 0..<6 { await service.tend() }
            #expect(fixture.kernel.datapath.attachments.contains(Attachment(program: .pod, interfaceIndex: 7)))
            #expect(fixture.kernel.collected == 6)
        }
    }

    @Test func `what somebody else removed is back in less than a second, and no connection is forgotten`() async throws {
        try await ServiceFixture.run { fixture in
            let service = try await fixture.start()
            _ = try await service.apply(.steering(pods: [7]), revision: 1)
            let before = fixture.kernel.datapath
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await service.run() }
                try await Task.sleep(for: .milliseconds(100))
                let steps = fixture.kernel.done.count
                fixture.kernel.disturb { $0.attachments = [] }
                for _ in 0..<100 where fixture.kernel.datapath != before { try await Task.sleep(for: .milliseconds(10)) }
                #expect(fixture.kernel.datapath == before)
                #expect(fixture.kernel.done.count == steps, "no record written anew, no flow forgotten")
                group.cancelAll()
                try await group.waitForAll()
            }
        }
    }

    @Test func `a change of the node puts attachments back before it takes a pod for a new one`() async throws {
        try await ServiceFixture.run { fixture in
            let service = try await fixture.start()
            _ = try await service.apply(.steering(pods: [7, 8]), revision: 1)
            let steps = fixture.kernel.done.count
            fixture.kernel.disturb { $0.attachments = [] }
            fixture.kernel.become(.node(pods: [7, 8]))
            await service.hostChanged()
            let later = fixture.kernel.done.dropFirst(steps)
            #expect(fixture.kernel.datapath.pods[8] != nil)
            #expect(!later.contains(.forgetFlows(interfaceIndex: 7)) && !later.contains(.removePod(interfaceIndex: 7)))
        }
    }

    @Test func `an attachment that can't come back keeps the service going, and is tried again`() async throws {
        try await ServiceFixture.run { fixture in
            let service = try await fixture.start()
            _ = try await service.apply(.steering(pods: [7]), revision: 1)
            fixture.kernel.disturb { $0.attachments = [] }
            fixture.kernel.refuse { if case .attach = $0 { true } else { false } }
            await service.mend()
            #expect(fixture.kernel.datapath.attachments.isEmpty)
            fixture.kernel.refuse(nil)
            await service.mend()
            #expect(fixture.kernel.datapath.attachments.contains(Attachment(program: .pod, interfaceIndex: 7)))
        }
    }

    @Test func `a change that the kernel refused is tried again`() async throws {
        try await ServiceFixture.run { fixture in
            let service = try await fixture.start()
            _ = try await service.apply(.steering(pods: [7, 8]), revision: 1)
            fixture.kernel.refuse { if case .setPod(8, _) = $0 { true } else { false } }
            fixture.kernel.become(.node(pods: [7, 8]))
            await service.hostChanged()
            #expect(try await service.status().lastError?.contains("interface 8") == true)
            fixture.kernel.refuse(nil)
            await service.tend()
            #expect(fixture.kernel.datapath.pods[8] != nil)
            #expect(try await service.status().lastError == nil)
        }
    }

    @Test func `watchers get the facts now and after each change`() async throws {
        try await ServiceFixture.run { fixture in
            let service = try await fixture.start()
            var facts = await service.factsChanges().makeAsyncIterator()
            #expect(try await facts.next() == .node(pods: [7]))
            await service.hostChanged()
            fixture.kernel.become(.node(pods: [7, 8]))
            await service.hostChanged()
            #expect(try await facts.next() == .node(pods: [7, 8]))
        }
    }

    @Test func `running follows changes of the node until it is stopped`() async throws {
        try await ServiceFixture.run { fixture in
            let service = try await fixture.start()
            _ = try await service.apply(.steering(pods: [7, 8]), revision: 1)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await service.run() }
                fixture.kernel.become(.node(pods: [7, 8]))
                for _ in 0..<500 where fixture.kernel.datapath.pods[8] == nil { try await Task.sleep(for: .milliseconds(10)) }
                #expect(fixture.kernel.datapath.pods[8] != nil)
                group.cancelAll()
                try await group.waitForAll()
            }
        }
    }

    @Test(arguments: ["", "a/b", "..", "-x", String(repeating: "a", count: 254), "Node"])
    func `what can't name a node can't name a file`(name: String) {
        #expect(HelperIdentity(node: name) == nil)
    }
}
