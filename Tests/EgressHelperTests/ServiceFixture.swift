import EgressHelper
import EgressModel
import EgressPlan
import EgressPolicy
import Glibc
import Logging
import Testing

/// One node's service over a kernel that remembers, in a folder of its own.
struct ServiceFixture {
    let folder: String
    let kernel: RecordingKernel

    /// `body` may make several services one after the other, as restarts do.
    static func run(_ body: (ServiceFixture) async throws -> Void) async throws {
        var template = Array("/tmp/egt-service-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw HelperError(code: "test", message: "no temporary folder") }
        let fixture = ServiceFixture(
            folder: String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self), kernel: RecordingKernel())
        defer { fixture.remove() }
        fixture.kernel.become(.node(pods: [7]))
        try await body(fixture)
    }

    /// `ciliumMaps`: stands for the folder of Cilium's pins; none of the machine's own is looked into.
    func start(ciliumMaps: String? = nil) async throws -> HelperService {
        let service = HelperService(
            identity: try #require(HelperIdentity(node: "node-1")), datapath: kernel, host: kernel, strategies: kernel,
            stateFolder: folder, foreign: ForeignOwner(folder: ciliumMaps ?? folder + "/no-maps"),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await service.open()
        return service
    }

    var files: [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            names.append(withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
        }
        return names.filter { !$0.hasPrefix(".") }.sorted()
    }

    private func remove() {
        for name in files { unlink("\(folder)/\(name)") }
        rmdir(folder)
    }
}

extension HostFacts {
    /// `eth0` with 192.0.2.11, and a veth for each index, whose pod has 10.244.1.INDEX.
    static func node(pods: [Int]) -> HostFacts {
        let address = InterfaceAddress("192.0.2.11/24")
        let uplink = HostInterface(facts: NetworkInterface(name: "eth0", index: 2, addresses: address.map { [$0] } ?? []))
        let veths = pods.map { HostInterface(facts: NetworkInterface(name: "veth\($0)", index: $0), kind: "veth") }
        return HostFacts(
            interfaces: [uplink] + veths, defaultRoute: DefaultRoute(ipv4: "eth0"),
            podDevices: pods.map { PodDevice(interface: "veth\($0)", index: $0, addresses: [.pod($0)], deliverIndex: $0) })
    }
}

extension IPAddress {
    static func pod(_ index: Int) -> IPAddress { IPAddress(ipv4: 0x0AF4_0100 + UInt32(index)) }
    static let gateway = IPAddress(ipv4: 0xC000_020C)
}

extension NodePlan {
    /// Pods of node-1, each steered to 198.51.100.0/24 by node-2.
    static func steering(pods: [Int], tokens: [TunnelToken] = []) throws -> NodePlan {
        let prefix = try #require(IPPrefix("198.51.100.0/24"))
        var plan = NodePlan(node: "node-1", tunnel: TunnelPlan(address: IPAddress(ipv4: 0xC000_020B), tokens: tokens))
        plan.peers = [PeerNode(name: "node-2", address: .gateway)]
        plan.sets = pods.isEmpty ? [] : [[PlannedRule(prefix: prefix, action: .gateway, policyUID: "uid-1", code: .byGateway)]]
        let choice = PlannedChoice(
            policyUID: "uid-1", onNoGateway: .drop, ranked: [PlannedGateway(node: "node-2", address: .gateway, entryID: 17)])
        plan.pods = pods.map {
            PlannedPod(namespace: "default", name: "pod-\($0)", uid: "pod-\($0)", addresses: [.pod($0)], set: 0, choices: [choice])
        }
        return plan
    }
}
