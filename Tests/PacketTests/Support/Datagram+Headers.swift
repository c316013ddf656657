import EgressModel

extension Datagram {
    /// The same with each kind of header between its IP header and its ports.
    var withHeadersBetween: [Datagram] {
        guard source.family == .ipv6 else {
            return [[1, 1, 1, 1], [1, 1, 1, 0], [0x94, 4, 0, 0] + [UInt8](repeating: 1, count: 36)].map { options in
                with { $0.ipOptions = Octets(options) }
            }
        }
        return [[.destination], [.hopByHop], [.hopByHop, .destination], [.hopByHop, .routing, .destination]].map { list in
            with { $0.extensions = list }
        }
    }
}
