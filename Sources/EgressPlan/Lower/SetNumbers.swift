import EgressModel

/// Numbers of sets of rules: the same content keeps its number, new content gets one that nothing used before.
///
/// So a set that a pod or an entry refers to never changes: a change is another set and one write that flips to it.
struct SetNumbers {
    private(set) var sets: [UInt32: Set<SetRule>] = [:]
    private var numbers: [Set<SetRule>: UInt32] = [:]
    private var used: Set<UInt32>
    private var next: UInt32 = 1

    init(previous: DatapathState) {
        for (number, rules) in previous.sets { numbers[rules] = min(numbers[rules] ?? number, number) }
        used = Set(previous.sets.keys).union(previous.pods.values.map(\.set)).union(previous.entries.values.map(\.set))
    }

    mutating func number(of rules: Set<SetRule>) -> UInt32 {
        let number = numbers[rules] ?? free()
        numbers[rules] = number
        sets[number] = rules
        return number
    }

    private mutating func free() -> UInt32 {
        while used.contains(next) { next += 1 }
        used.insert(next)
        return next
    }
}

/// Slots of policies: a policy keeps its slot, a new one gets one that nothing used before.
struct PolicySlots {
    private(set) var policies: [UInt32: String] = [:]
    private var slots: [String: UInt32] = [:]
    private var used: Set<UInt32>
    private var next: UInt32 = 1

    init(previous: DatapathState) {
        for (slot, uid) in previous.policies { slots[uid] = min(slots[uid] ?? slot, slot) }
        used = Set(previous.policies.keys).union(previous.choices.keys.map(\.policy)).union(previous.entries.values.map(\.policy))
            .union(previous.sets.values.flatMap { $0.map(\.policy) })
    }

    mutating func slot(of uid: String) -> UInt32 {
        let slot = slots[uid] ?? free()
        slots[uid] = slot
        policies[slot] = uid
        return slot
    }

    private mutating func free() -> UInt32 {
        while used.contains(next) { next += 1 }
        used.insert(next)
        return next
    }
}
