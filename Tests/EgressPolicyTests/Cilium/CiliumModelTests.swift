import EgressModel
import EngineSamples
import Testing

@testable import EgressPolicy

/// Pieces of the model of Cilium that the golden scenarios don't pin down one by one.
@Suite struct CiliumModelTests {
    @Test(arguments: ["1.12", "1.18", "v1.18", "1.18.3", "1.20"]) func `a release that is known`(text: String) throws {
        #expect(try #require(CiliumVersion(text)).description == text.drop { $0 == "v" })
    }

    @Test(arguments: [
        "", "1", "1.11", "1.21", "2.18", "1.18.", "1.18.x", "1.18.3.4", "1..18", "latest", "1.٢", "1.99999999999999999999", "-1.18",
        "1.18-rc1",
    ])
    func `a release that isn't`(text: String) { #expect(CiliumVersion(text) == nil) }

    @Test func `every release that the error names is taken`() {
        #expect(CiliumVersion.known.count == 9)
        #expect(CiliumVersion.known.allSatisfy { CiliumVersion($0) != nil })
        #expect(CiliumVersion.known.last == CiliumVersion.latest.description)
    }

    /// The vectors of the hash's authors, modulo a number that keeps them apart.
    @Test(arguments: [("", 0x811C_9DC5), ("a", 0xE40C_292C), ("foobar", 0xBF9C_F968)] as [(String, Int)])
    func `an endpoint's gateway is by FNV-1a of 32 bits`(uid: String, hash: Int) {
        #expect(CiliumGateways.place(of: uid, among: 1_000_003) == hash % 1_000_003)
        #expect(CiliumGateways.place(of: uid, among: 1) == 0)
        #expect(CiliumGateways.place(of: uid, among: 0) == 0)
    }

    /// What rendezvous hashing is for: modulo moves most pods when a gateway comes.
    @Test func `a third gateway moves most pods in Cilium`() {
        let moved = (0..<600).count { CiliumGateways.place(of: "pod-\($0)", among: 2) != CiliumGateways.place(of: "pod-\($0)", among: 3) }
        #expect((300...500).contains(moved))
    }

    @Test(arguments: [("1.13", false), ("1.14", true)]) func `a missing gateway drops since 1.14`(text: String, drops: Bool) throws {
        #expect(CiliumProfile(try #require(CiliumVersion(text))).dropsWithoutGateway == drops)
    }

    @Test(arguments: [("1.18", true), ("1.19.5", true), ("1.20.0", false), ("1.20.1", false), ("1.20.2", true), ("1.20", true)])
    func `one missing family fails both in 1.20.0 and 1.20.1`(text: String, keeps: Bool) throws {
        #expect(CiliumProfile(try #require(CiliumVersion(text))).keepsOneFamily == keeps)
    }

    @Test(arguments: [("1.13", 0), ("1.14", 2), ("1.17", 2), ("1.18", 5), ("1.19", 5), ("1.20", 7)]) func `each release knows more`(
        text: String, known: Int
    ) throws {
        let profile = CiliumProfile(try #require(CiliumVersion(text)))
        let facts = [
            profile.readsExclusions, profile.dropsWithoutGateway, profile.carriesIPv6, profile.readsGatewayList, profile.takesIPv6EgressIP,
            profile.needsAddressOnDevice, profile.showsInterfaceIndex,
        ]
        #expect(facts.count { $0 } == known)
    }

    @Test func `what isn't known is no difference`() {
        let address: IPAddress = "198.51.100.1"
        let known = EgressFate.gateway(node: "a", address: address)
        #expect(known.looksLike(.gateway(node: "a", address: nil)))
        #expect(!known.looksLike(.gateway(node: "b", address: address)))
        #expect(!known.looksLike(.gateway(node: "a", address: "198.51.100.2")))
        #expect(EgressFate.dropped("one").looksLike(.dropped("another")))
        #expect(!EgressFate.dropped("one").looksLike(.asNode))
    }

    @Test func `the longest prefix decides, whichever policy it is from`() throws {
        let pod = Pod(metadata: ObjectMetadata(name: "p", namespace: "n", uid: "u"))
        let source: IPAddress = "10.0.0.1"
        let rows = try ["1.0.0.0/8", "1.1.1.0/24", "1.1.0.0/16"].map {
            CiliumRow(pod: pod, source: source, prefix: try #require(IPPrefix($0)), entries: [], policies: [$0])
        }
        var table = CiliumTable(profile: CiliumProfile(.latest))
        table.rows = rows
        #expect(table.row(for: "1.1.1.9", from: source)?.policies == ["1.1.1.0/24"])
        #expect(table.row(for: "1.2.0.1", from: source)?.policies == ["1.0.0.0/8"])
        #expect(table.row(for: "2.0.0.1", from: source) == nil)
        #expect(table.row(for: "1.1.1.9", from: "10.0.0.2") == nil)
    }
}
