import CLibBPF
import Glibc

/// Where a walk through a large hash map stands; the kernel's own number.
struct BatchCursor: Sendable, Hashable {
    fileprivate var bucket: UInt32
}

extension BPFTable {
    /// Entries at a time; more than any bucket of a hash map holds.
    private static var batchSize: Int { 4096 }

    /// Hands entries to `body` in batches, from a cursor on; returns where to go on, `nil` when the map is at its end.
    func walk(
        from cursor: BatchCursor?, atMost limit: Int, _ body: (UnsafeBufferPointer<Key>, UnsafeBufferPointer<Value>) throws -> Void
    ) throws -> BatchCursor? {
        let keys = UnsafeMutableBufferPointer<Key>.allocate(capacity: Self.batchSize)
        let values = UnsafeMutableBufferPointer<Value>.allocate(capacity: Self.batchSize)
        defer {
            keys.deallocate()
            values.deallocate()
        }
        var position = cursor
        var seen = 0
        while seen < limit {
            var count = UInt32(Self.batchSize)
            let (result, next) = batch(position, keys, values, &count)
            if result != -ENOENT { try kernelCall("map \(name) can't be walked") { result } }
            let read = min(Int(count), Self.batchSize)
            try body(UnsafeBufferPointer(rebasing: keys[..<read]), UnsafeBufferPointer(rebasing: values[..<read]))
            if result == -ENOENT { return nil }
            seen += read
            position = BatchCursor(bucket: next)
        }
        return position
    }

    private func batch(
        _ position: BatchCursor?, _ keys: UnsafeMutableBufferPointer<Key>, _ values: UnsafeMutableBufferPointer<Value>,
        _ count: inout UInt32
    ) -> (result: Int32, next: UInt32) {
        var next: UInt32 = 0
        if var from = position?.bucket {
            return (bpf_map_lookup_batch(descriptor, &from, &next, keys.baseAddress, values.baseAddress, &count, nil), next)
        }
        return (bpf_map_lookup_batch(descriptor, nil, &next, keys.baseAddress, values.baseAddress, &count, nil), next)
    }

    /// How many entries the map holds, for the large ones.
    func countByWalking() throws -> Int {
        var total = 0
        _ = try walk(from: nil, atMost: .max) { keys, _ in total += keys.count }
        return total
    }
}
