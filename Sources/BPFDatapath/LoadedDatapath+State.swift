import CEgressABI
import EgressModel
import EgressPlan
import EgressPolicy

extension LoadedDatapath {
    /// What is attached and what the maps hold; netfilter rules are not the kernel's maps.
    func actualState() throws -> DatapathState {
        var state = DatapathState()
        state.settings = try tables.config.value(0).map(DatapathSettings.init) ?? DatapathSettings()
        state.attachments = try attachments.attached()
        for (index, pod) in try tables.pods.all() { state.pods[Int(index)] = PodRecord(pod) }
        try readRules(into: &state)
        try readCluster(into: &state)
        for (slot, policy) in try tables.policies.all() { state.policies[slot] = PolicyUID.decoded(policy) }
        for (key, choice) in try tables.choices.all() { state.choices[ChoiceKey(key)] = GatewayChoice(choice) }
        for (address, gateway) in try tables.gateways.all() { state.gateways[IPAddress(wire4: address)] = GatewayRecord(gateway) }
        for (address, node) in try tables.nodes.all() { state.nodes[IPAddress(wire4: address)] = NodeRecord(node) }
        for (id, entry) in try tables.entries.all() { state.entries[id] = EntryRecord(entry) }
        for (address, ip) in try tables.egressAddresses.all() {
            state.egressAddresses[IPAddress(wire4: address)] = EgressAddressRecord(ip)
        }
        return state
    }

    private func readRules(into state: inout DatapathState) throws {
        for (key, value) in try tables.rules4.all() {
            if let rule = SetRule(key, value) { state.sets[key.set, default: []].insert(rule) }
        }
        for (key, value) in try tables.rules6.all() {
            if let rule = SetRule(key, value) { state.sets[key.set, default: []].insert(rule) }
        }
    }

    private func readCluster(into state: inout DatapathState) throws {
        for (key, value) in try tables.cluster4.all() {
            if let prefix = IPPrefix(key), let kind = InClusterRange.Kind(encoded: value) { state.cluster[prefix] = kind }
        }
        for (key, value) in try tables.cluster6.all() {
            if let prefix = IPPrefix(key), let kind = InClusterRange.Kind(encoded: value) { state.cluster[prefix] = kind }
        }
    }
}
