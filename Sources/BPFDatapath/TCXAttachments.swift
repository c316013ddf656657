import CEgressShims
import CLibBPF
import EgressPlan
import Glibc

/// Attaches by tcx links, each pinned as `<folder>/<program>-<interface index>`: they outlive the helper.
///
/// A link is put before what is there. Whoever puts a program before ours later did so on purpose, and is left there.
/// Not thread-safe; ``BPFDatapath`` confines it.
final class TCXAttachments: ProgramAttaching {
    private let folder: String
    private let object: BPFObject
    /// Numbers of the links that stand, by which one is found again without opening its pin.
    private var links: [Attachment: UInt32] = [:]
    private var programs: [Attachment.Program: UInt32] = [:]

    init(folder: String, object: BPFObject) {
        self.folder = folder
        self.object = object
    }

    func attach(_ attachment: Attachment) throws {
        if let link = try living(attachment) {
            links[attachment] = link.id
            return
        }
        let path = pin(attachment)
        try remove(path)
        let what = "\(attachment.program.rawValue) on interface \(attachment.interfaceIndex)"
        let index = try wireIndex(attachment.interfaceIndex, what)
        let program = try object.program(attachment.program.rawValue)
        let hook = attachment.program.tcxHook
        let link = FileDescriptor(
            owning: try kernelCall("\(what) can't be attached") { egress_tcx_link_create(program, index, hook) })
        try kernelCall("the link at \(path) can't be pinned") { bpf_obj_pin(link.number, path) }
        links[attachment] = try info(link, path).link_id
    }

    func detach(_ attachment: Attachment) throws {
        links[attachment] = nil
        let path = pin(attachment)
        guard let link = try open(path) else { return }
        // Defunct already when the interface is gone.
        _ = bpf_link_detach(link.number)
        try remove(path)
    }

    func attached() throws -> Set<Attachment> {
        Set(try pinned().filter { try living($0) != nil })
    }

    func renew() throws {
        for attachment in try pinned() {
            guard let link = try living(attachment) else {
                try remove(pin(attachment))
                continue
            }
            links[attachment] = link.id
            try run(link.descriptor, attachment)
        }
    }

    func renew(_ attachment: Attachment) throws {
        if let link = try living(attachment) { try run(link.descriptor, attachment) }
    }

    private func run(_ link: FileDescriptor, _ attachment: Attachment) throws {
        let program = try object.program(attachment.program.rawValue)
        try kernelCall("the program of \(pin(attachment)) can't be replaced") { bpf_link_update(link.number, program, nil) }
    }

    func standing(_ attachment: Attachment) throws -> Standing {
        guard let link = links[attachment] else { return .removed }
        let index = try wireIndex(attachment.interfaceIndex, attachment.program.rawValue)
        var place = egress_tcx_place()
        let result = egress_tcx_find(index, attachment.program.tcxHook, link, &place)
        if result == -ENODEV { return .interfaceGone }
        if result == -ENOENT { return .removed }
        try kernelCall("the hook of \(attachment.program.rawValue) on interface \(index) can't be read") { result }
        return try place.prog_id == programID(attachment.program) ? .stands(overtaken: place.before > 0) : .replaced
    }

    func runsOthers(on interfaceIndex: Int) throws -> Bool {
        let index = try wireIndex(interfaceIndex, "the hook")
        var (ids, count) = ([UInt32](repeating: 0, count: 64), UInt32(64))
        let result = egress_tcx_query(index, UInt32(EGRESS_TCX_INGRESS), &ids, &count)
        // More than there is room for; no such interface; never a program there.
        if result == -ENOSPC { return true }
        if result == -ENODEV { return false }
        if result == -ENOENT { return try ClsactAttachments.hasFilters(interfaceIndex) }
        try kernelCall("the hook of interface \(interfaceIndex) can't be read") { result }
        let own = try programID(.pod)
        return try ids.prefix(Int(count)).contains { $0 != own } || ClsactAttachments.hasFilters(interfaceIndex)
    }

    private func programID(_ program: Attachment.Program) throws -> UInt32 {
        if let known = programs[program] { return known }
        let id = try object.programID(program.rawValue)
        programs[program] = id
        return id
    }

    private func pin(_ attachment: Attachment) -> String {
        "\(folder)/\(attachment.program.rawValue)-\(attachment.interfaceIndex)"
    }

    private func pinned() throws -> [Attachment] {
        try fileNames(in: folder).compactMap { name in
            let parts = name.split(separator: "-")
            guard parts.count == 2, let program = Attachment.Program(rawValue: String(parts[0])), let index = Int(parts[1]) else {
                return nil
            }
            return Attachment(program: program, interfaceIndex: index)
        }
    }

    /// The link while its interface exists; an index that another interface has now is not it.
    private func living(_ attachment: Attachment) throws -> (descriptor: FileDescriptor, id: UInt32)? {
        let path = pin(attachment)
        guard let link = try open(path) else { return nil }
        let info = try info(link, path)
        return Int(info.ifindex) == attachment.interfaceIndex ? (link, info.link_id) : nil
    }

    private func info(_ link: FileDescriptor, _ path: String) throws -> egress_tcx_link {
        var info = egress_tcx_link()
        try kernelCall("the link at \(path) can't be read") { egress_tcx_link_info(link.number, &info) }
        return info
    }

    private func open(_ path: String) throws -> FileDescriptor? {
        let descriptor = bpf_obj_get(path)
        if descriptor == -ENOENT { return nil }
        return FileDescriptor(owning: try kernelCall("the link at \(path) can't be opened") { descriptor })
    }

    private func remove(_ path: String) throws {
        guard unlink(path) != 0, errno != ENOENT else { return }
        throw DatapathError("\(path) can't be removed", errno: errno)
    }
}

extension Attachment.Program {
    fileprivate var tcxHook: UInt32 { UInt32(seesReceived ? EGRESS_TCX_INGRESS : EGRESS_TCX_EGRESS) }
}
