import CEgressABI
import EgressModel
import EgressPlan

extension PodRecord {
    func encoded() throws -> egress_pod {
        var value = egress_pod()
        value.ipv4 = try ipv4.map { try $0.wire4("pod address") } ?? 0
        if let ipv6 { value.ipv6 = try ipv6.wire6("pod address") }
        value.set = set
        value.deliver_ifindex = try wireIndex(deliverIndex, "the device that routes to the pod")
        return value
    }

    init(_ value: egress_pod) {
        let ipv6 = IPAddress(wire6: value.ipv6)
        self.init(
            ipv4: value.ipv4 == 0 ? nil : IPAddress(wire4: value.ipv4), ipv6: ipv6.isUnspecified ? nil : ipv6, set: value.set,
            deliverIndex: Int(value.deliver_ifindex))
    }
}
