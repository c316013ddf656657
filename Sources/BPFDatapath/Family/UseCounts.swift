import CEgressABI

/// Connections of one pod, or translations of one entry: `struct egress_use`.
struct ConnectionUse: Hashable {
    var steered: Int32 = 0
    var others: Int32 = 0

    init(steered: Int32 = 0, others: Int32 = 0) {
        self.steered = steered
        self.others = others
    }

    init(_ value: egress_use) { self.init(steered: value.steered, others: value.others) }

    static func - (a: ConnectionUse, b: ConnectionUse) -> ConnectionUse {
        ConnectionUse(steered: a.steered &- b.steered, others: a.others &- b.others)
    }
}

/// Whose connections are counted.
enum UseOwner: Hashable {
    /// By interface index.
    case pod(UInt32)
    /// By id; 0 has others' claims on ports of shared addresses.
    case entry(UInt32)
}

/// Connections by whose they are.
struct UseCounts: Hashable {
    private(set) var uses: [UseOwner: ConnectionUse] = [:]

    mutating func count(_ owner: UseOwner, steered: Int32 = 0, others: Int32 = 0) {
        uses[owner, default: ConnectionUse()].steered &+= steered
        uses[owner, default: ConnectionUse()].others &+= others
    }

    /// A connection on its pod's node, with the translation that it is there.
    mutating func count(_ flow: some FlowLayout) {
        let isSteered = flow.kind == UInt8(EGRESS_FLOW_OUT.rawValue)
        count(.pod(flow.ifindex), steered: isSteered ? 1 : 0, others: isSteered ? 0 : 1)
        if flow.isTranslation { count(.entry(flow.entry), steered: 1) }
    }

    mutating func add(_ others: UseCounts) {
        for (owner, use) in others.uses { count(owner, steered: use.steered, others: use.others) }
    }
}

extension FamilyTables {
    /// What the kernel's counters say.
    func countedUses() throws -> [UseOwner: ConnectionUse] {
        var uses: [UseOwner: ConnectionUse] = [:]
        for (key, value) in try podUse.all() { uses[.pod(key)] = ConnectionUse(value) }
        for (key, value) in try entryUse.all() { uses[.entry(key)] = ConnectionUse(value) }
        return uses
    }

    /// A counter at zero may go: it is made again when it is needed.
    func forgetUse(_ owner: UseOwner) throws {
        switch owner {
        case .pod(let index): try podUse.remove(index)
        case .entry(let id): try entryUse.remove(id)
        }
    }
}
