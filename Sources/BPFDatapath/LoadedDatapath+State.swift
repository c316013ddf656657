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
        try tables.ipv4.readRules(into: &state.sets)
        try tables.ipv6.readRules(into: &state.sets)
        try tables.ipv4.readCluster(into: &state.cluster)
        try tables.ipv6.readCluster(into: &state.cluster)
        for (slot, policy) in try tables.policies.all() { state.policies[slot] = PolicyUID.decoded(policy) }
        let numbers = try tables.nodeNumbers.addresses()
        func address(_ number: UInt32) -> IPAddress { numbers[number] ?? IPAddress(wire4: number) }
        for (key, choice) in try tables.choices.all() {
            let key = ChoiceKey(key)
            state.choices[key] = GatewayChoice(choice, family: key.family, address: address)
        }
        for (number, gateway) in try tables.gateways.all() { state.gateways[address(number)] = GatewayRecord(gateway) }
        for (number, node) in try tables.nodes.all() { state.nodes[address(number)] = NodeRecord(node) }
        for (id, entry) in try tables.ipv4.entries.all() {
            state.entries[id] = EntryRecord(entry, try tables.ipv6.entries.value(id))
        }
        try tables.ipv4.readEgressAddresses(into: &state.egressAddresses)
        try tables.ipv6.readEgressAddresses(into: &state.egressAddresses)
        return state
    }
}
