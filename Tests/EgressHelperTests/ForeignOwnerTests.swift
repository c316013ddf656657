import EgressHelper
import EgressModel
import EgressPlan
import Glibc
import Testing

/// Two owners of one policy: what is in force stays, nothing new is taken on.
@Suite struct ForeignOwnerTests {
    private func refusal(_ service: HelperService, _ plan: NodePlan, _ revision: UInt64) async -> HelperError? {
        await #expect(throws: HelperError.self) { try await service.apply(plan, revision: revision) }
    }

    @Test func `a plan that names another owner is refused, and the one in force stays`() async throws {
        try await ServiceFixture.run { fixture in
            let service = try await fixture.start()
            let plan = try NodePlan.steering(pods: [7])
            _ = try await service.apply(plan, revision: 3)
            let before = fixture.kernel.datapath
            var owned = NodePlan(node: "node-1", tunnel: TunnelPlan(address: nil))
            owned.foreignOwner = "configmap/kube-system/cilium-config enable-egress-gateway"
            let error = try #require(await refusal(service, owned, 4))
            #expect(error.code == "foreign_owner")
            #expect(error.message.contains("configmap/kube-system/cilium-config enable-egress-gateway"))
            #expect(error.hint?.contains("egressGateway.enabled=false") == true)
            #expect(fixture.kernel.datapath == before)
            #expect(await service.plan()?.revision == 3)
            #expect(try await service.status().lastError == error.message)
            #expect(try await service.apply(plan, revision: 5).revision == 5, "an owner that went away is forgotten")
        }
    }

    @Test(arguments: ["cilium_egress_gw_policy_v4", "cilium_egress_gw_policy_v4_v2", "cilium_egress_gw_policy_v6"])
    func `a map that Cilium pinned on the node is enough`(map: String) async throws {
        try await ServiceFixture.run { fixture in
            let maps = fixture.folder + "/maps"
            try #require(mkdir(maps, 0o700) == 0)
            defer { rmdir(maps) }
            let service = try await fixture.start(ciliumMaps: maps)
            _ = try await service.apply(try NodePlan.steering(pods: [7]), revision: 1)
            let file = open("\(maps)/\(map)", O_CREAT | O_WRONLY, 0o600)
            try #require(file >= 0)
            close(file)
            let error = try #require(await refusal(service, try NodePlan.steering(pods: []), 2))
            #expect(error.code == "foreign_owner")
            #expect(error.message.contains("\(maps)/\(map)"))
            unlink("\(maps)/\(map)")
            #expect(try await service.apply(try NodePlan.steering(pods: []), revision: 3).revision == 3)
        }
    }

    @Test func `other maps of Cilium are nobody's business`() async throws {
        try await ServiceFixture.run { fixture in
            let maps = fixture.folder + "/maps"
            try #require(mkdir(maps, 0o700) == 0)
            let file = open("\(maps)/cilium_snat_v4_external", O_CREAT | O_WRONLY, 0o600)
            close(file)
            defer {
                unlink("\(maps)/cilium_snat_v4_external")
                rmdir(maps)
            }
            let service = try await fixture.start(ciliumMaps: maps)
            #expect(try await service.apply(try NodePlan.steering(pods: [7]), revision: 1).revision == 1)
        }
    }
}
