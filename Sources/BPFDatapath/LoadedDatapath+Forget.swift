import CEgressABI
import EgressModel
import EgressPlan

extension LoadedDatapath {
    /// Connections of a pod that its choices no longer allow; every one of them when it has no record. What it opened by TCP is
    /// remembered as lost while it has one.
    func forgetFlows(_ index: Int) throws {
        let ifindex = try wireIndex(index, "the pod")
        let isGone = try tables.pods.value(ifindex) == nil
        var choices: [ChoiceKey: egress_choice] = [:]
        for (key, choice) in try tables.choices.all() where key.ifindex == ifindex { choices[ChoiceKey(key)] = choice }
        func allows(_ flow: some FlowLayout, _ family: IPFamily) -> Bool {
            guard !isGone else { return false }
            guard flow.kind == UInt8(EGRESS_FLOW_OUT.rawValue) else { return true }
            let choice = choices[ChoiceKey(interfaceIndex: index, policy: flow.policy, family: family)]
            return choice?.places.contains { $0.entry == flow.entry && $0.gateway == flow.half.node } ?? false
        }
        try release(
            tables.ipv4.forgetFlows(ifindex: ifindex, remembers: !isGone, unless: { allows($0, .ipv4) }, ended: tell), IPv4Datapath.self)
        try release(
            tables.ipv6.forgetFlows(ifindex: ifindex, remembers: !isGone, unless: { allows($0, .ipv6) }, ended: tell), IPv6Datapath.self)
    }

    /// Translations of an entry that is gone, or whose address it doesn't have any more.
    func forgetTranslations(_ entry: UInt32) throws {
        try release(tables.ipv4.forgetTranslations(entry, ended: tell), IPv4Datapath.self)
        try release(tables.ipv6.forgetTranslations(entry, ended: tell), IPv6Datapath.self)
    }

    /// By entry, the addresses that its living translations have.
    func addressesInUse() throws -> [UInt32: Set<IPAddress>] {
        try tables.ipv4.addressesInUse().merging(try tables.ipv6.addressesInUse()) { $0.union($1) }
    }

    private func release<Family: DatapathFamily>(_ gone: UseCounts, _ family: Family.Type) throws {
        for (of, use) in gone.uses { try UseCorrection<Family>.apply(object, of, ConnectionUse() - use) }
    }
}
