import EgressPolicy
import JSONText

/// The array that `cilium-dbg bpf egress list -o json` prints: its names and their capitals are Cilium's.
struct CiliumList {
    let rows: [CiliumShownRow]

    /// As releases before 1.20 print it; scripts read these four.
    var json: JSONValue {
        .array(
            rows.map { row in
                [
                    "SourceIP": .string(row.sourceIP), "DestCIDR": .string(row.destinationCIDR), "EgressIP": .string(row.egressIP),
                    "GatewayIP": .string(row.gatewayIP),
                ]
            })
    }
}
