/// Addresses on interfaces: whoever moves to another interface is added there first.
extension StateChange {
    var addressAdditions: [DatapathOperation] {
        to.claimedAddresses.subtracting(from.claimedAddresses).sorted().map { .addAddress($0) }
    }

    var addressRemovals: [DatapathOperation] {
        from.claimedAddresses.subtracting(to.claimedAddresses).sorted().map { .removeAddress($0) }
    }
}
