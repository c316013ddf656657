// SPDX-License-Identifier: Apache-2.0
import CEgressShims
public import EgressPlan
import Glibc

extension HostNetwork {
    public var keepsConnections: Bool { connectionSource != .none }

    public func openConnections(of pods: [PodDevice]) -> OpenConnections {
        ConnectionReader(source: connectionSource).read(pods)
    }

    public func exemptFromGuard(_ connections: [LiveConnection]) throws {
        // One transaction takes a part of them only: nft reads its whole input before it does anything.
        for start in stride(from: 0, to: connections.count, by: Self.connectionsAtATime) {
            let part = connections[start...].prefix(Self.connectionsAtATime)
            try Command(path: nft, arguments: ["-f", "-"]).run(input: guardExemptionScript(part))
        }
    }

    public func guardDrops() throws -> GuardDrops {
        try named("can't read the guard's counters") { try NetlinkSocket(NETLINK_NETFILTER).guardDrops() }
    }

    private static let connectionsAtATime = 4096
}
