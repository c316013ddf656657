import CLibBPF
import EgressPlan
import Glibc

/// Attaches as direct-action filters of `clsact`, by a preference and handles of our own: they outlive the helper
/// without pins, and others' filters are left alone. The qdisc stays when our last filter goes; it may be somebody's.
struct ClsactAttachments: ProgramAttaching {
    let object: BPFObject

    /// After Cilium's (1), before those that let the kernel choose (49152).
    private static let preference: UInt32 = 100
    /// A handle tells which program it is, also to a helper that may not look into programs (that takes CAP_SYS_ADMIN).
    private static let handles: UInt32 = 0x0E61_0000

    func attach(_ attachment: Attachment) throws {
        guard try !isAttached(attachment) else { return }
        try put(attachment, replacing: false)
    }

    func detach(_ attachment: Attachment) throws {
        var hook = try hook(attachment)
        var options = options(attachment)
        let result = bpf_tc_detach(&hook, &options)
        // The filter, the qdisc or the interface is gone.
        if [-ENOENT, -EINVAL, -ENODEV].contains(result), try !isAttached(attachment) { return }
        try kernelCall("\(describe(attachment)) can't be detached") { result }
    }

    func attached() throws -> Set<Attachment> {
        var found: Set<Attachment> = []
        for index in try interfaceIndices() {
            for program in Attachment.Program.allCases {
                let attachment = Attachment(program: program, interfaceIndex: index)
                if try isAttached(attachment) { found.insert(attachment) }
            }
        }
        return found
    }

    func renew() throws {
        for attachment in try attached() { try put(attachment, replacing: true) }
    }

    func renew(_ attachment: Attachment) throws { try put(attachment, replacing: true) }

    /// Others may well run before ours, by their preference: who does isn't looked at.
    func standing(_ attachment: Attachment) throws -> Standing {
        if let program = try attachedProgram(attachment) {
            return try program == object.programID(attachment.program.rawValue) ? .stands(overtaken: false) : .replaced
        }
        var name = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
        let index = try wireIndex(attachment.interfaceIndex, describe(attachment))
        return if_indextoname(index, &name) == nil ? .interfaceGone : .removed
    }

    /// A filter is found by its handle only, so others' aren't.
    func runsOthers(on interfaceIndex: Int) throws -> Bool { true }

    /// Whether an interface on which we have no filter has any.
    static func hasFilters(_ interfaceIndex: Int) throws -> Bool {
        var hook = bpf_tc_hook()
        hook.sz = optionsSize(through: \bpf_tc_hook.parent)
        hook.ifindex = Int32(bitPattern: try wireIndex(interfaceIndex, "the filters"))
        hook.attach_point = BPF_TC_INGRESS
        var options = bpf_tc_opts()
        options.sz = optionsSize(through: \bpf_tc_opts.priority)
        options.priority = preference
        options.handle = handles
        // Without a qdisc or without any filter the kernel finds the arguments invalid; else it misses this one.
        return bpf_tc_query(&hook, &options) == -ENOENT
    }

    private func put(_ attachment: Attachment, replacing: Bool) throws {
        var hook = try hook(attachment)
        let created = bpf_tc_hook_create(&hook)
        if created != -EEXIST {
            try kernelCall("a clsact qdisc can't be made on interface \(attachment.interfaceIndex)") { created }
        }
        var options = options(attachment)
        options.prog_fd = try object.program(attachment.program.rawValue)
        if replacing { options.flags = BPF_TC_F_REPLACE.rawValue }
        try kernelCall("\(describe(attachment)) can't be attached") { bpf_tc_attach(&hook, &options) }
    }

    private func isAttached(_ attachment: Attachment) throws -> Bool { try attachedProgram(attachment) != nil }

    /// The number of the program that our filter runs.
    private func attachedProgram(_ attachment: Attachment) throws -> UInt32? {
        var hook = try hook(attachment)
        var options = options(attachment)
        let result = bpf_tc_query(&hook, &options)
        // No such filter, no qdisc, no interface.
        if [-ENOENT, -EINVAL, -ENODEV].contains(result) { return nil }
        try kernelCall("\(describe(attachment)) can't be read") { result }
        return options.prog_id
    }

    private func describe(_ attachment: Attachment) -> String {
        "\(attachment.program.rawValue) on interface \(attachment.interfaceIndex)"
    }

    private func hook(_ attachment: Attachment) throws -> bpf_tc_hook {
        var hook = bpf_tc_hook()
        hook.sz = optionsSize(through: \bpf_tc_hook.parent)
        hook.ifindex = Int32(bitPattern: try wireIndex(attachment.interfaceIndex, describe(attachment)))
        hook.attach_point = attachment.program.seesReceived ? BPF_TC_INGRESS : BPF_TC_EGRESS
        return hook
    }

    private func options(_ attachment: Attachment) -> bpf_tc_opts {
        var options = bpf_tc_opts()
        options.sz = optionsSize(through: \bpf_tc_opts.priority)
        options.priority = Self.preference
        options.handle = Self.handles + attachment.program.handle
        return options
    }
}

extension Attachment.Program {
    /// Never another one: by it the filters of an earlier helper are found, and a filter that isn't found stays in force.
    fileprivate var handle: UInt32 {
        switch self {
        case .pod: 1
        case .podIn: 2
        case .tunnel: 3
        case .uplink: 4
        case .stack: 5
        case .uplinkOut: 6
        }
    }
}
