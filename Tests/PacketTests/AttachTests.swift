import BPFDatapath
import CEgressABI
import CEgressShims
import CLibBPF
import EgressModel
import EgressPlan
import EgressPolicy
import EgressPorts
import Glibc
import TestKit
import Testing

@Suite("Attaching and taking over", .requires(.packet))
struct AttachTests {
    private static func makeInterfaces() throws -> [Int] {
        try Command.run(["ip", "link", "add", "pod0", "type", "veth", "peer", "name", "pod0p"])
        return [Int(if_nametoindex("pod0")), Int(if_nametoindex("pod0p"))]
    }

    private static func everyProgram(_ indices: [Int]) -> Set<EgressPlan.Attachment> {
        Set(
            EgressPlan.Attachment.Program.allCases.flatMap { program in
                indices.map { EgressPlan.Attachment(program: program, interfaceIndex: $0) }
            })
    }

    private static func check(_ mode: AttachMode, _ bpffs: String) throws {
        let all = everyProgram(try makeInterfaces())
        let pinRoot = bpffs + "/kubectl-egress"
        let first = try BPFDatapath.open(pinRoot: pinRoot, attachMode: mode)
        #expect(first.attachMode == mode.rawValue)
        try #expect(first.actualState().attachments.isEmpty)
        for attachment in all { try first.execute(.attach(attachment)) }
        for attachment in all { try first.execute(.attach(attachment)) }
        try #expect(first.actualState().attachments == all)

        let second = try BPFDatapath.open(pinRoot: pinRoot, attachMode: mode)
        try #expect(second.actualState().attachments == all)
        let one = try #require(all.min())
        try second.execute(.detach(one))
        try second.execute(.detach(one))
        try #expect(second.actualState().attachments == all.subtracting([one]))
        try second.execute(.attach(one))
        try #expect(second.actualState().attachments == all)

        try Command.run(["ip", "link", "del", "pod0"])
        try #expect(second.actualState().attachments.isEmpty)
        for attachment in all { try second.execute(.detach(attachment)) }
        #expect(throws: DatapathError.self) { try second.execute(.attach(one)) }
        try #expect(BPFDatapath.open(pinRoot: pinRoot, attachMode: mode).actualState().attachments.isEmpty)
    }

    @Test(.requires(.tcx)) func `links are found again after a restart, and end with their interface`() async throws {
        try await Sandbox.run { try Self.check(.tcx, $0) }
    }

    @Test func `filters are found again after a restart, and end with their interface`() async throws {
        try await Sandbox.run { try Self.check(.clsact, $0) }
    }

    @Test func `another's filter stays when ours goes`() async throws {
        try await Sandbox.run { bpffs in
            let index = try #require(try Self.makeInterfaces().first)
            try Command.run(["tc", "qdisc", "add", "dev", "pod0", "clsact"])
            try Command.run([
                "tc", "filter", "add", "dev", "pod0", "ingress", "pref", "7", "protocol", "all", "bpf", "da", "pinned",
                try Self.foreign(bpffs),
            ])
            let datapath = try BPFDatapath.open(pinRoot: bpffs + "/kubectl-egress", attachMode: .clsact)
            try datapath.execute(.attach(EgressPlan.Attachment(program: .pod, interfaceIndex: index)))
            try datapath.execute(.detach(EgressPlan.Attachment(program: .pod, interfaceIndex: index)))
            let left = try Command.run(["tc", "filter", "show", "dev", "pod0", "ingress"])
            #expect(left.contains("pref 7"))
            #expect(!left.contains("pref 100"))
        }
    }

    @Test(.requires(.tcx)) func `programs of others on what a pod's device receives are seen, by tcx or as a filter`() async throws {
        try await Sandbox.run { bpffs in
            let indices = try Self.makeInterfaces()
            let (pod, other) = (try #require(indices.first), try #require(indices.last))
            let datapath = try BPFDatapath.open(pinRoot: bpffs + "/kubectl-egress", attachMode: .tcx)
            try #expect(datapath.interfacesOfOthers(among: indices) == [], "before ours is there")
            try datapath.execute(.attach(EgressPlan.Attachment(program: .pod, interfaceIndex: pod)))
            try datapath.execute(.attach(EgressPlan.Attachment(program: .podIn, interfaceIndex: other)))
            try #expect(datapath.interfacesOfOthers(among: indices) == [])

            try Command.run(["tc", "qdisc", "add", "dev", "pod0p", "clsact"])
            try Command.run([
                "tc", "filter", "add", "dev", "pod0p", "egress", "pref", "7", "protocol", "all", "bpf", "bytecode", "1,6 0 0 0", "flowid",
                "1:1",
            ])
            try #expect(datapath.interfacesOfOthers(among: indices) == [], "a qdisc, and a filter for what it sends")
            try Command.run([
                "tc", "filter", "add", "dev", "pod0p", "ingress", "pref", "7", "protocol", "all", "bpf", "bytecode", "1,6 0 0 0", "flowid",
                "1:1",
            ])
            try #expect(datapath.interfacesOfOthers(among: indices) == [other])
            let foreign = try BPFDatapath.open(pinRoot: bpffs + "/foreign", attachMode: .tcx)
            try foreign.execute(.attach(EgressPlan.Attachment(program: .pod, interfaceIndex: pod)))
            try #expect(datapath.interfacesOfOthers(among: indices) == [pod, other])
            try #expect(datapath.interfacesOfOthers(among: [other]) == [other])

            try Command.run(["tc", "qdisc", "del", "dev", "pod0p", "clsact"])
            try foreign.execute(.detach(EgressPlan.Attachment(program: .pod, interfaceIndex: pod)))
            try #expect(datapath.interfacesOfOthers(among: indices) == [])
            try Command.run(["ip", "link", "del", "pod0"])
            try #expect(datapath.interfacesOfOthers(among: indices) == [])
            let filters = try BPFDatapath.open(pinRoot: bpffs + "/filters", attachMode: .clsact)
            try #expect(filters.interfacesOfOthers(among: indices) == Set(indices), "whose a filter is isn't known")
        }
    }

    @Test(arguments: AttachMode.allCases)
    func `CAP_BPF and CAP_NET_ADMIN are enough`(_ mode: AttachMode) async throws {
        guard mode == .clsact || Requirement.tcx.isMet else { return }
        try await Sandbox.run { bpffs in
            let indices = try Self.makeInterfaces()
            let (netAdmin, bpf) = (UInt64(1) << 12, UInt64(1) << 39)
            #expect(egress_use_capabilities(netAdmin | bpf) == 0)
            defer { egress_use_capabilities(.max) }
            for _ in 1...2 {
                let datapath = try BPFDatapath.open(pinRoot: bpffs + "/kubectl-egress", attachMode: mode)
                for attachment in Self.everyProgram(indices) { try datapath.execute(.attach(attachment)) }
                try #expect(datapath.actualState().attachments == Self.everyProgram(indices))
                try #expect(datapath.collectGarbage() == 0)
            }
        }
    }

    private static func foreign(_ bpffs: String) throws -> String {
        _ = try BPFDatapath.open(pinRoot: bpffs + "/foreign", attachMode: .clsact)
        return bpffs + "/foreign/v\(EGRESS_ABI_VERSION)/programs/egress_pod_in"
    }

    @Test func `a restart finds what was programmed`() async throws {
        try await Sandbox.run { bpffs in
            let desired = try StateSample.state()
            let pinRoot = bpffs + "/kubectl-egress"
            let first = try BPFDatapath.open(pinRoot: pinRoot, attachMode: .clsact)
            for operation in StateSample.operations(desired) { try first.execute(operation) }
            try first.setRevision(42)
            try #expect(first.actualState() == desired)
            let second = try BPFDatapath.open(pinRoot: pinRoot, attachMode: .clsact)
            try #expect(second.actualState() == desired)
            try #expect(second.revision() == 42)
            let fill = try Dictionary(uniqueKeysWithValues: second.mapFill().map { ($0.name, $0.used) })
            #expect(fill["egress_pods"] == 2)
            #expect(fill["egress_flows4"] == 0)
            for operation in StateSample.removals(desired) { try second.execute(operation) }
            for operation in StateSample.removals(desired) { try second.execute(operation) }
            var empty = DatapathState()
            empty.settings = desired.settings
            try #expect(second.actualState() == empty)
        }
    }

    @Test(arguments: AttachMode.allCases)
    func `what a helper with an unknown layout attached runs our programs, and nothing of it is left`(_ mode: AttachMode) async throws {
        guard mode == .clsact || Requirement.tcx.isMet else { return }
        try await Sandbox.run { bpffs in
            let all = Self.everyProgram(try Self.makeInterfaces())
            let pinRoot = bpffs + "/kubectl-egress"
            let old = try BPFDatapath.open(pinRoot: pinRoot, attachMode: mode)
            for attachment in all { try old.execute(.attach(attachment)) }
            for operation in StateSample.operations(try StateSample.state()) { try old.execute(operation) }
            #expect(rename("\(pinRoot)/v\(EGRESS_ABI_VERSION)", "\(pinRoot)/v1") == 0)
            for _ in 1...2 {
                let new = try BPFDatapath.open(pinRoot: pinRoot, attachMode: mode)
                let state = try new.actualState()
                #expect(state.attachments == all)
                #expect(state.pods.isEmpty && state.entries.isEmpty)
            }
            try #expect(Command.run(["ls", pinRoot]) == "v\(EGRESS_ABI_VERSION)\n")
            let new = try BPFDatapath.open(pinRoot: pinRoot, attachMode: mode)
            for attachment in all { try new.execute(.detach(attachment)) }
            guard mode == .tcx else { return }
            for hook in [EGRESS_TCX_INGRESS, EGRESS_TCX_EGRESS] {
                var count: UInt32 = 0
                let index = Int32(if_nametoindex("pod0"))
                #expect(bpf_prog_query(index, bpf_attach_type(UInt32(hook)), 0, nil, nil, &count) == 0)
                #expect(count == 0, "a link of the old one is left")
            }
        }
    }

    @Test func `a folder that isn't on a BPF file system is refused with what to do`() async throws {
        try await Sandbox.run { _ in
            do {
                _ = try BPFDatapath.open(pinRoot: "/tmp/egt-no-bpffs-\(getpid())")
                Issue.record("it was taken")
            } catch let error as DatapathError {
                #expect(error.description.contains("mount -t bpf"))
            }
            rmdir("/tmp/egt-no-bpffs-\(getpid())")
        }
    }

    @Test func `a netfilter step and a value that doesn't fit are refused`() async throws {
        try await Sandbox.run { bpffs in
            let datapath = try BPFDatapath.open(pinRoot: bpffs + "/kubectl-egress", attachMode: .clsact)
            #expect(throws: DatapathError.self) { try datapath.execute(.setNetfilter(NetfilterRules())) }
            let nine = (0..<9).map { GatewayChoice.Ranked(entry: $0, gateway: Role.otherNode) }
            let key = ChoiceKey(interfaceIndex: 1, policy: 1)
            #expect(throws: DatapathError.self) { try datapath.execute(.setChoice(key, GatewayChoice(onNoGateway: .drop, ranked: nine))) }
            #expect(throws: DatapathError.self) { try datapath.execute(.removePod(interfaceIndex: -1)) }
            #expect(throws: DatapathError.self) { try datapath.execute(.setPolicy(slot: 1, uid: String(repeating: "x", count: 64))) }
        }
    }
}
