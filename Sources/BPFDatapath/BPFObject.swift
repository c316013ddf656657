import CEgressObjects
import CEgressShims
import CLibBPF
import Glibc

/// The loaded object: its maps and programs live as long as it, or longer where they are pinned.
///
/// Not thread-safe; ``BPFDatapath`` confines it.
final class BPFObject {
    private let handle: OpaquePointer

    private init(owning handle: OpaquePointer) {
        self.handle = handle
    }

    deinit {
        bpf_object__close(handle)
    }

    /// Opens and loads the object that is part of this program.
    ///
    /// - Parameters:
    ///   - mapFolder: where maps are pinned; maps that are pinned there are used again. `nil`: fresh maps.
    ///   - isTrace: for a trace: the programs note what they ask.
    ///   - capacity: what tables of connections hold, when it is less than they are made for: those take their memory at once.
    static func loadEmbedded(mapFolder: String?, capacity: UInt32 = .max, isTrace: Bool = false) throws -> BPFObject {
        var size = 0
        guard let bytes = egress_object(&size), size > 0 else {
            throw DatapathError("this build has no BPF programs", hint: "run `make bpf`, then build again")
        }
        var options = bpf_object_open_opts()
        options.sz = optionsSize(through: \bpf_object_open_opts.kernel_log_level)
        let opened = "egress".withCString { name in
            options.object_name = name
            return bpf_object__open_mem(bytes, size, &options)
        }
        return try load(opened, "the BPF object", mapFolder: mapFolder, capacity: capacity) { try $0.prepare(isTrace: isTrace) }
    }

    /// Opens and loads a file; its maps are fresh.
    static func loadFile(_ path: String) throws -> BPFObject {
        try load(bpf_object__open_file(path, nil), path, mapFolder: nil, capacity: .max)
    }

    private static func load(
        _ opened: OpaquePointer?, _ name: String, mapFolder: String?, capacity: UInt32, prepare: (BPFObject) throws -> Void = { _ in }
    )
        throws -> BPFObject
    {
        guard let opened else { throw DatapathError("\(name) can't be read", errno: Glibc.errno) }
        let object = BPFObject(owning: opened)
        if let mapFolder { try object.setPins(under: mapFolder) }
        try object.limitConnections(to: capacity)
        try prepare(object)
        do throws(DatapathError) {
            try kernelCall("\(name) was refused by the kernel", hint: loadHint(mapFolder)) { bpf_object__load(opened) }
        } catch {
            guard error.errno == EPERM, SeccompFilter.isInForce() else { throw error }
            throw DatapathError(error.message, errno: error.errno, hint: SeccompFilter.hint)
        }
        return object
    }

    private static func loadHint(_ mapFolder: String?) -> String {
        let rights = "needs CAP_BPF and CAP_NET_ADMIN, Linux 5.14 or later"
        guard let mapFolder else { return rights }
        return "\(rights); maps of another layout under \(mapFolder) are refused too: stop the helper and remove that folder"
    }

    private func limitConnections(to capacity: UInt32) throws {
        for name in ["egress_flows", "egress_nat_fwd", "egress_nat_rev"].flatMap({ ["\($0)4", "\($0)6"] }) {
            guard let map = bpf_object__find_map_by_name(handle, name), bpf_map__max_entries(map) > capacity else { continue }
            try kernelCall("map \(name) can't be made smaller") { bpf_map__set_max_entries(map, capacity) }
        }
    }

    /// The program that brings packets in for a trace is for traces alone.
    private func prepare(isTrace: Bool) throws {
        guard let entrance = bpf_object__find_program_by_name(handle, "egress_trace_in") else {
            throw DatapathError("the BPF object has no program egress_trace_in")
        }
        try kernelCall("egress_trace_in can't be left out") { bpf_program__set_autoload(entrance, isTrace) }
        guard isTrace else { return }
        guard let setting = bpf_object__find_map_by_name(handle, ".rodata.trace") else {
            throw DatapathError("the BPF object has no section .rodata.trace")
        }
        var yes: UInt32 = 1
        try kernelCall("the trace can't be turned on") { bpf_map__set_initial_value(setting, &yes, MemoryLayout<UInt32>.size) }
    }

    private func setPins(under folder: String) throws {
        var map = bpf_object__next_map(handle, nil)
        while let current = map {
            let name = String(cString: bpf_map__name(current))
            if name.hasPrefix("egress_") {
                try kernelCall("map \(name) can't be pinned") { bpf_map__set_pin_path(current, "\(folder)/\(name)") }
            }
            map = bpf_object__next_map(handle, current)
        }
    }

    /// Descriptor of a program; owned by the object.
    func program(_ name: String) throws -> Int32 {
        guard let program = bpf_object__find_program_by_name(handle, name) else {
            throw DatapathError("the BPF object has no program \(name)")
        }
        return bpf_program__fd(program)
    }

    /// The kernel's number of a program.
    func programID(_ name: String) throws -> UInt32 {
        var id: UInt32 = 0
        let descriptor = try program(name)
        try kernelCall("program \(name) can't be examined") { egress_program_id(descriptor, &id) }
        return id
    }

    /// Whether the kernel's helper for checksums knows which family a packet is of (6.16, and stable releases before it).
    func knowsIPv6Checksums() throws -> Bool {
        let frame = [UInt8](repeating: 0, count: 64)
        return try frame.withUnsafeBytes { bytes in
            var options = bpf_test_run_opts()
            options.sz = optionsSize(through: \bpf_test_run_opts.batch_size)
            options.data_in = bytes.baseAddress
            options.data_size_in = UInt32(bytes.count)
            let program = try program("egress_csum_probe")
            try kernelCall("the kernel can't be asked about checksums") { bpf_prog_test_run_opts(program, &options) }
            return options.retval == 0
        }
    }

    /// Descriptor of a map; owned by the object.
    func descriptor(_ map: String) throws -> Int32 {
        guard let found = bpf_object__find_map_by_name(handle, map) else { throw DatapathError("the BPF object has no map \(map)") }
        return bpf_map__fd(found)
    }

    /// A map as octets.
    func rawMap(_ name: String) throws -> RawMap {
        guard let map = bpf_object__find_map_by_name(handle, name) else { throw DatapathError("the BPF object has no map \(name)") }
        let descriptor = fcntl(bpf_map__fd(map), F_DUPFD_CLOEXEC, 3)
        guard descriptor >= 0 else { throw DatapathError("map \(name) can't be held", errno: Glibc.errno) }
        return try RawMap(name: name, owning: descriptor)
    }

    /// A map as a table of these types; their sizes must be the map's.
    func table<Key, Value>(
        _ name: String, key: Key.Type = Key.self, value: Value.Type = Value.self
    ) throws -> BPFTable<Key, Value> {
        guard let map = bpf_object__find_map_by_name(handle, name) else {
            throw DatapathError("the BPF object has no map \(name)")
        }
        guard bpf_map__key_size(map) == MemoryLayout<Key>.size, bpf_map__value_size(map) == MemoryLayout<Value>.size else {
            throw DatapathError("map \(name) has another layout than this program", hint: "run `make bpf`, then build again")
        }
        return BPFTable(name: name, descriptor: bpf_map__fd(map), capacity: Int(bpf_map__max_entries(map)), object: self)
    }
}
