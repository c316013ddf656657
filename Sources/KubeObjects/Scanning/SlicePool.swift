import JSONText

/// Values of texts that come again and again: made once, and shared. It lives no longer than the text.
struct SlicePool<Value> {
    private struct Entry {
        let hash: UInt64
        let slice: JSONSlice
        let value: Value
    }

    /// Positions among the entries plus one; 0 is free.
    private var slots = [UInt32](repeating: 0, count: 256)
    private var entries: [Entry] = []

    /// Whoever makes texts collide gets what they stand for made anew, and nothing slower.
    private static var probes: Int { 8 }
    private static var limit: Int { 1 << 20 }

    func find(_ slice: JSONSlice, hash: UInt64) -> Value? {
        for probe in 0..<Self.probes {
            let entry = slots[slot(hash, probe)]
            if entry == 0 { return nil }
            let found = entries[Int(entry) - 1]
            if found.hash == hash, found.slice == slice { return found.value }
        }
        return nil
    }

    /// Of a text that isn't there yet.
    mutating func insert(_ value: Value, for slice: JSONSlice, hash: UInt64) {
        guard entries.count < Self.limit else { return }
        if 2 * entries.count >= slots.count { grow() }
        guard place(entries.count, hash) else { return }
        entries.append(Entry(hash: hash, slice: slice, value: value))
    }

    private func slot(_ hash: UInt64, _ probe: Int) -> Int { (Int(truncatingIfNeeded: hash) &+ probe) & (slots.count - 1) }

    private mutating func place(_ entry: Int, _ hash: UInt64) -> Bool {
        for probe in 0..<Self.probes where slots[slot(hash, probe)] == 0 {
            slots[slot(hash, probe)] = UInt32(entry + 1)
            return true
        }
        return false
    }

    /// An entry that finds no place any more is made again when its text comes again.
    private mutating func grow() {
        slots = [UInt32](repeating: 0, count: 4 * slots.count)
        for (index, entry) in entries.enumerated() { _ = place(index, entry.hash) }
    }
}

extension SlicePool<String> {
    mutating func string(_ slice: JSONSlice) -> String {
        // A short one is held without a place of its own, so there is nothing to share.
        if slice.count <= 15 { return slice.string }
        let hash = slice.hash
        if let known = find(slice, hash: hash) { return known }
        let made = slice.string
        insert(made, for: slice, hash: hash)
        return made
    }
}
