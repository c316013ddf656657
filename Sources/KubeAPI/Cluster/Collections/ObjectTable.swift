/// Objects of one kind by their identity; changed in place, so that a snapshot of 5,000 costs nothing but a reference.
struct ObjectTable<Value: Sendable & Hashable>: Sendable {
    /// In no order that means anything.
    private(set) var values: [Value] = []
    private var keys: [ObjectKey] = []
    private var positions: [ObjectKey: Int] = [:]

    var isEmpty: Bool { values.isEmpty }

    subscript(key: ObjectKey) -> Value? { positions[key].map { values[$0] } }

    /// Whether this changed anything.
    mutating func set(_ value: Value, for key: ObjectKey) -> Bool {
        guard let position = positions[key] else {
            positions[key] = values.count
            values.append(value)
            keys.append(key)
            return true
        }
        if values[position] == value { return false }
        values[position] = value
        return true
    }

    mutating func remove(_ key: ObjectKey) -> Bool {
        guard let position = positions.removeValue(forKey: key) else { return false }
        let last = values.count - 1
        if position < last {
            values.swapAt(position, last)
            keys.swapAt(position, last)
            positions[keys[position]] = position
        }
        values.removeLast()
        keys.removeLast()
        return true
    }

    /// Whether they hold the same, in whatever order.
    func holdsSame(as other: ObjectTable) -> Bool {
        values.count == other.values.count && zip(keys, values).allSatisfy { key, value in other[key] == value }
    }
}

/// What tells an object from the others of its collection.
struct ObjectKey: Sendable, Hashable {
    var namespace: String?
    var name: String
}
