import EgressModel
import EgressPlan

/// To whom ports of an egress IP are in use: one egress IP, protocol, remote and remote port. ICMP echo has port 0.
struct PortRemote: Hashable {
    var egressIP: IPAddress
    var transport: UInt8
    var remote: IPAddress
    var port: UInt16
}

/// Ports in use by remote, of one family.
struct PortTally {
    struct Count: Equatable {
        var translations = 0
        /// Claims of others, on a shared address.
        var claims = 0
        var used: Int { translations + claims }
    }

    private(set) var counts: [PortRemote: Count] = [:]

    /// Walks the reverse halves, each of which holds one port. `wanted` keeps the tally small.
    init<Family>(_ tables: FamilyTables<Family>, where wanted: (PortRemote) -> Bool = { _ in true }) throws {
        var counts: [PortRemote: Count] = [:]
        _ = try tables.reverse.walk(from: nil, atMost: .max) { keys, values in
            for (key, value) in zip(keys, values) {
                let remote = PortRemote(
                    egressIP: Family.address(key.egress), transport: key.protocol, remote: Family.address(key.remote),
                    port: UInt16(bigEndian: key.remote_port))
                guard wanted(remote) else { continue }
                if value.isClaim {
                    counts[remote, default: Count()].claims += 1
                } else {
                    counts[remote, default: Count()].translations += 1
                }
            }
        }
        self.counts = counts
    }
}

extension EntryRecord {
    /// Ports that its translations may have to one remote; a pod's own port outside of them is not counted.
    var portsPerRemote: Int {
        Int(portSlice.upperBound) - max(Int(portSlice.lowerBound), 1024) + 1
    }
}
