import CLibBPF
import Glibc

/// A map of the kernel with keys and values of C structures, which are their bytes. Keeps its object open.
///
/// Not constrained to `BitwiseCopyable`: every imported structure is, but no module can say so for it.
struct BPFTable<Key, Value> {
    let name: String
    let descriptor: Int32
    let capacity: Int
    let object: BPFObject

    /// A trie can't get memory or its lock at once (`ENOMEM`, `EBUSY`): such a write is tried again this often.
    private static var attempts: Int { 5 }

    func value(_ key: Key) throws -> Value? {
        try withUnsafeTemporaryAllocation(of: Value.self, capacity: 1) { room in
            guard let value = room.baseAddress else { return nil }
            let result = withUnsafePointer(to: key) { bpf_map_lookup_elem(descriptor, $0, value) }
            if result == -ENOENT { return nil }
            try kernelCall("map \(name) can't be read") { result }
            return value.pointee
        }
    }

    func set(_ key: Key, _ value: Value) throws {
        try write {
            withUnsafePointer(to: key) { key in
                withUnsafePointer(to: value) { bpf_map_update_elem(descriptor, key, $0, UInt64(BPF_ANY)) }
            }
        }
    }

    /// Whether there was such a key.
    @discardableResult
    func remove(_ key: Key) throws -> Bool {
        var gone = false
        try write {
            let result = withUnsafePointer(to: key) { bpf_map_delete_elem(descriptor, $0) }
            gone = result == -ENOENT
            return gone ? 0 : result
        }
        return !gone
    }

    private func write(_ body: () -> Int32) throws {
        var result: Int32 = 0
        for attempt in 0..<Self.attempts {
            result = body()
            guard result == -ENOMEM || result == -EBUSY else { break }
            usleep(UInt32(1000 << attempt))
        }
        let hint = result == -E2BIG || result == -ENOSPC ? "it is full: \(capacity) entries" : nil
        try kernelCall("map \(name) can't be written", hint: hint) { result }
    }

    /// Every key. Keys that come or go meanwhile may be missed or met twice, never without end.
    func keys() throws -> [Key] {
        var keys: [Key] = []
        var last: Key?
        try withUnsafeTemporaryAllocation(of: Key.self, capacity: 1) { room in
            guard let next = room.baseAddress else { return }
            while keys.count <= capacity {
                let result =
                    if let from = last {
                        withUnsafePointer(to: from) { bpf_map_get_next_key(descriptor, $0, next) }
                    } else {
                        bpf_map_get_next_key(descriptor, nil, next)
                    }
                if result == -ENOENT { return }
                try kernelCall("map \(name) can't be listed") { result }
                keys.append(next.pointee)
                last = next.pointee
            }
        }
        return keys
    }

    func all() throws -> [(key: Key, value: Value)] {
        try keys().compactMap { key in try value(key).map { (key, $0) } }
    }
}
