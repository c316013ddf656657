import CEgressShims
import CLibBPF
import EgressPlan
import Glibc
import TestKit

@testable import BPFDatapath

/// Somebody else's programs at our hooks, before and after ours; they count, and say nothing.
final class Neighbours {
    enum Place: UInt32, CaseIterable {
        case first = 0
        case last = 1

        var program: String { self == .first ? "neighbour_first" : "neighbour_last" }
    }

    private let object: BPFObject
    private let mode: AttachMode
    private var links: [FileDescriptor] = []

    private static let file = {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(4).joined(separator: "/")
        return root + "/.build/bpf/egress_neighbour.bpf.o"
    }()

    init(_ mode: AttachMode) throws {
        self.mode = mode
        object = try BPFObject.loadFile(Self.file)
    }

    func program(_ place: Place) throws -> Int32 { try object.program(place.program) }

    /// By tcx at the head of the list, so `last` has to be there before ours; by clsact with a preference around ours.
    /// Goes away with this object (tcx) or the qdisc.
    func attach(_ place: Place, interface: Int, seesReceived: Bool) throws {
        if mode == .tcx {
            let hook = UInt32(seesReceived ? EGRESS_TCX_INGRESS : EGRESS_TCX_EGRESS)
            let descriptor = egress_tcx_link_create(try program(place), UInt32(interface), hook)
            guard descriptor >= 0 else { throw TestKitError("a neighbour's link: errno \(-descriptor)") }
            links.append(FileDescriptor(owning: descriptor))
            return
        }
        var hook = bpf_tc_hook()
        hook.sz = MemoryLayout<bpf_tc_hook>.size
        hook.ifindex = Int32(interface)
        hook.attach_point = seesReceived ? BPF_TC_INGRESS : BPF_TC_EGRESS
        _ = bpf_tc_hook_create(&hook)
        var options = bpf_tc_opts()
        options.sz = MemoryLayout<bpf_tc_opts>.size
        options.prog_fd = try program(place)
        options.priority = place == .first ? 7 : 30_000
        let result = bpf_tc_attach(&hook, &options)
        guard result >= 0 else { throw TestKitError("a neighbour's filter: errno \(-result)") }
    }

    func seen(_ place: Place) throws -> UInt64 {
        let table: BPFTable<UInt32, UInt64> = try object.table("neighbour_seen")
        return try table.value(place.rawValue) ?? 0
    }
}
