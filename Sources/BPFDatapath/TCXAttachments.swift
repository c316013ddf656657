import CEgressShims
import CLibBPF
import EgressPlan
import Glibc

/// Attaches by tcx links, each pinned as `<folder>/<program>-<interface index>`: they outlive the helper.
struct TCXAttachments: ProgramAttaching {
    let folder: String
    let object: BPFObject

    func attach(_ attachment: Attachment) throws {
        if try living(attachment) != nil { return }
        let path = pin(attachment)
        try remove(path)
        let what = "\(attachment.program.rawValue) on interface \(attachment.interfaceIndex)"
        let index = try wireIndex(attachment.interfaceIndex, what)
        let hook = UInt32(attachment.program.seesReceived ? EGRESS_TCX_INGRESS : EGRESS_TCX_EGRESS)
        let program = try object.program(attachment.program.rawValue)
        let link = FileDescriptor(
            owning: try kernelCall("\(what) can't be attached") { egress_tcx_link_create(program, index, hook) })
        try kernelCall("the link at \(path) can't be pinned") { bpf_obj_pin(link.number, path) }
    }

    func detach(_ attachment: Attachment) throws {
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
            let program = try object.program(attachment.program.rawValue)
            try kernelCall("the program of \(pin(attachment)) can't be replaced") { bpf_link_update(link.number, program, nil) }
        }
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
    private func living(_ attachment: Attachment) throws -> FileDescriptor? {
        guard let link = try open(pin(attachment)) else { return nil }
        var info = egress_tcx_link()
        try kernelCall("the link at \(pin(attachment)) can't be read") { egress_tcx_link_info(link.number, &info) }
        return Int(info.ifindex) == attachment.interfaceIndex ? link : nil
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
