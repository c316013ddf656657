import EgressModel

/// What the netfilter guard dropped since the node started.
public struct GuardDrops: Sendable, Hashable {
    /// Claimed packets that came past the pods' programs.
    public var unsteered: PacketCount
    /// Claimed packets to a service of the cluster whose endpoint is outside.
    public var service: PacketCount

    public init(unsteered: PacketCount = PacketCount(), service: PacketCount = PacketCount()) {
        self.unsteered = unsteered
        self.service = service
    }

    /// The counters with these drops in them, under the reasons that the guard has.
    public func added(to counters: [DatapathCounter]) -> [DatapathCounter] {
        var counters = counters
        for (name, number, count) in [("guard", DropReason.guarded, unsteered), ("service", DropReason.service, service)] {
            let place = counters.firstIndex { $0.name == name }
            var counter = place.map { counters[$0] } ?? DatapathCounter(name: name, code: .drop(Int(number)), packets: 0, bytes: 0)
            counter.packets &+= count.packets
            counter.bytes &+= count.bytes
            if let place { counters[place] = counter } else { counters.append(counter) }
        }
        return counters
    }
}
