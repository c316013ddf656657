import CLibBPF
import Glibc

/// A map of the kernel as octets: also one whose layout isn't this program's.
struct RawMap {
    let name: String
    let keySize: Int
    /// As system calls carry it: of a per-processor map, every processor's value, each rounded up to 8 octets.
    let valueSize: Int
    let capacity: Int
    private let descriptor: FileDescriptor
    private let isHash: Bool

    /// Takes ownership of the descriptor.
    init(name: String, owning descriptor: Int32) throws {
        self.name = name
        self.descriptor = FileDescriptor(owning: descriptor)
        var info = bpf_map_info()
        var size = UInt32(MemoryLayout<bpf_map_info>.size)
        try kernelCall("map \(name) can't be examined") { bpf_obj_get_info_by_fd(descriptor, &info, &size) }
        keySize = Int(info.key_size)
        capacity = Int(info.max_entries)
        isHash = info.type == BPF_MAP_TYPE_HASH.rawValue
        let isPerProcessor = info.type == BPF_MAP_TYPE_PERCPU_ARRAY.rawValue || info.type == BPF_MAP_TYPE_PERCPU_HASH.rawValue
        let one = Int(info.value_size)
        let processors = isPerProcessor ? Int(try kernelCall("the processors can't be counted") { libbpf_num_possible_cpus() }) : 1
        valueSize = isPerProcessor ? (one + 7) / 8 * 8 * processors : one
    }

    /// `nil`: nothing is pinned there.
    static func pinned(_ path: String, name: String) throws -> RawMap? {
        let descriptor = bpf_obj_get(path)
        if descriptor == -ENOENT { return nil }
        return try RawMap(name: name, owning: try kernelCall("map \(path) can't be opened") { descriptor })
    }

    /// Every entry. Those that come or go meanwhile may be missed or met twice.
    func walk(_ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws -> Void) throws {
        if isHash { try walkBatches(body) } else { try walkOneByOne(body) }
    }

    /// More than any bucket of a hash map holds.
    private static var batchSize: Int { 4096 }

    private func walkBatches(_ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws -> Void) throws {
        var keys = [UInt8](repeating: 0, count: Self.batchSize * keySize)
        var values = [UInt8](repeating: 0, count: Self.batchSize * valueSize)
        // The kernel's own number of a bucket; a key's size is asked for where a map is none of hashes.
        var position: UInt32?
        while true {
            var count = UInt32(Self.batchSize)
            var next: UInt32 = 0
            let result: Int32 =
                if var from = position {
                    bpf_map_lookup_batch(descriptor.number, &from, &next, &keys, &values, &count, nil)
                } else {
                    bpf_map_lookup_batch(descriptor.number, nil, &next, &keys, &values, &count, nil)
                }
            if result != -ENOENT { try kernelCall("map \(name) can't be walked") { result } }
            try keys.withUnsafeBytes { keys in
                try values.withUnsafeBytes { values in
                    for place in 0..<min(Int(count), Self.batchSize) {
                        try body(
                            UnsafeRawBufferPointer(rebasing: keys[(place * keySize)..<((place + 1) * keySize)]),
                            UnsafeRawBufferPointer(rebasing: values[(place * valueSize)..<((place + 1) * valueSize)]))
                    }
                }
            }
            if result == -ENOENT { return }
            position = next
        }
    }

    private func walkOneByOne(_ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws -> Void) throws {
        var last: [UInt8]?
        var key = [UInt8](repeating: 0, count: keySize)
        for _ in 0..<max(1, capacity) {
            let result =
                if let from = last { bpf_map_get_next_key(descriptor.number, from, &key) } else {
                    bpf_map_get_next_key(descriptor.number, nil, &key)
                }
            if result == -ENOENT { return }
            try kernelCall("map \(name) can't be listed") { result }
            if let value = try value(key) {
                try key.withUnsafeBytes { key in try value.withUnsafeBytes { try body(key, $0) } }
            }
            last = key
        }
    }

    func value(_ key: [UInt8]) throws -> [UInt8]? {
        var value = [UInt8](repeating: 0, count: valueSize)
        let result = bpf_map_lookup_elem(descriptor.number, key, &value)
        if result == -ENOENT { return nil }
        try kernelCall("map \(name) can't be read") { result }
        return value
    }

    enum Written: Hashable {
        case written
        case wasThere
        case full
    }

    /// `replacing`: whether an entry that is there gets the new value.
    @discardableResult
    func write(_ key: [UInt8], _ value: [UInt8], replacing: Bool) throws -> Written {
        guard key.count == keySize, value.count == valueSize else {
            throw DatapathError("an entry of \(key.count) and \(value.count) octets isn't one of map \(name)")
        }
        let flags = UInt64(replacing ? BPF_ANY : BPF_NOEXIST)
        let result = bpf_map_update_elem(descriptor.number, key, value, flags)
        if result == -EEXIST { return .wasThere }
        if result == -E2BIG || result == -ENOSPC { return .full }
        try kernelCall("map \(name) can't be written") { result }
        return .written
    }
}
