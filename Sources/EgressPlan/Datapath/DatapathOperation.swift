public import EgressModel
public import EgressPolicy

/// One step of making the kernel match a state. Steps are data; ``difference(from:to:)`` gives their order.
///
/// Each step is one write that can't be seen half-done, and is harmless when done twice.
public enum DatapathOperation: Sendable, Hashable {
    case attach(Attachment)
    case detach(Attachment)
    case setSettings(DatapathSettings)
    case setNetfilter(NetfilterRules)
    case setPod(interfaceIndex: Int, PodRecord)
    case removePod(interfaceIndex: Int)
    case addRule(set: UInt32, SetRule)
    case removeRule(set: UInt32, SetRule)
    case setPolicy(slot: UInt32, uid: String)
    case removePolicy(slot: UInt32)
    case setChoice(ChoiceKey, GatewayChoice)
    case removeChoice(ChoiceKey)
    case setGateway(IPAddress, GatewayRecord)
    case removeGateway(IPAddress)
    case setNode(IPAddress, NodeRecord)
    case removeNode(IPAddress)
    case setClusterRange(IPPrefix, InClusterRange.Kind)
    case removeClusterRange(IPPrefix)
    case setEntry(id: UInt32, EntryRecord)
    case removeEntry(id: UInt32)
    case setEgressAddress(IPAddress, EgressAddressRecord)
    case removeEgressAddress(IPAddress)
    /// Puts an address on an interface, marked as ours. One that is there without our mark stays as it is.
    case addAddress(ClaimedAddress)
    /// Takes an address away that has our mark.
    case removeAddress(ClaimedAddress)
    /// Reads the connections that these pods have open, and lets them go on as they are, past the guard too.
    case keepOpenConnections(interfaceIndexes: [Int])
    /// Notes connections of a pod's, so that its program leaves them alone.
    case setExempt(interfaceIndex: Int, [LiveConnection])
    /// Forgets the connections of a pod that are exempt.
    case forgetExempt(interfaceIndex: Int)
    /// Lets the guard pass what these pods began while their programs only recorded.
    case keepRecordedConnections(interfaceIndexes: [Int])
    /// Forgets connections of the pod that its choices no longer allow; every one of them when the pod has no record.
    case forgetFlows(interfaceIndex: Int)
    /// Forgets translations of an entry that is gone, or whose address the entry doesn't have any more.
    case forgetTranslations(entry: UInt32)
}
