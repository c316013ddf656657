import EgressModel
import EgressPorts
import JSONText

/// One address's lock as a Lease (`coordination.k8s.io/v1`) of the namespace `kubectl-egress`, named by the address.
struct AddressLease: Sendable, Hashable {
    static let collection = ResourcePath.leases.inside(EgressObjects.namespace)

    let address: IPAddress
    /// As the server has it.
    let object: JSONValue

    /// `nil` unless name and label say that it is a lock.
    init?(_ object: JSONValue) {
        guard let name = object["metadata"]?["name"]?.stringValue, let address = AddressLock.address(named: name),
            object["metadata"]?["labels"]?[EgressObjects.addressLabel] == "true"
        else { return nil }
        self.address = address
        self.object = object
    }

    var holder: String { object["spec"]?["holderIdentity"]?.stringValue ?? "" }
    /// Seconds since 1970.
    var acquired: Int64? { object["spec"]?["acquireTime"]?.stringValue.flatMap(RFC3339.seconds) }

    /// Whether this is what the server had before the other; versions count up (as client-go takes them, too).
    func isOlder(than other: AddressLease) -> Bool {
        guard let version = version.flatMap(UInt64.init), let later = other.version.flatMap(UInt64.init) else { return false }
        return version < later
    }

    private var version: String? { object["metadata"]?["resourceVersion"]?.stringValue }

    static func path(of address: IPAddress) -> ResourcePath { collection.named(AddressLock.name(of: address)) }

    /// - Parameter owner: the holder's node, so that the lock goes with it.
    static func new(_ address: IPAddress, node: String, owner: JSONValue?) -> JSONValue {
        var metadata: JSONObject = [
            "name": .string(AddressLock.name(of: address)), "namespace": .string(EgressObjects.namespace),
            "labels": [EgressObjects.addressLabel: "true"], "annotations": [EgressObjects.addressAnnotation: .string(address.description)],
        ]
        if let owner { metadata["ownerReferences"] = [owner] }
        return [
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": .object(metadata), "spec": spec(node, transitions: 0),
        ]
    }

    /// The same Lease in another node's name. Its version stays in it, so that only one who saw it like this can write it.
    func takenOver(by node: String, owner: JSONValue?) -> JSONValue {
        var object = object.objectValue ?? [:]
        var metadata = object["metadata"]?.objectValue ?? [:]
        metadata["managedFields"] = nil
        metadata["ownerReferences"] = owner.map { [$0] }
        object["metadata"] = .object(metadata)
        let transitions: Int64 = self.object["spec"]?["leaseTransitions"]?.integerValue() ?? 0
        object["spec"] = Self.spec(node, transitions: max(0, min(transitions, 1 << 30)) + 1)
        return .object(object)
    }

    private static func spec(_ node: String, transitions: Int64) -> JSONValue {
        [
            "holderIdentity": .string(node), "leaseDurationSeconds": .integer(AddressLock.patience),
            "acquireTime": .string(Timestamp.now()), "leaseTransitions": .integer(transitions),
        ]
    }
}
