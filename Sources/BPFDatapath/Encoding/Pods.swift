import CEgressABI
import EgressModel
import EgressPlan

extension PodRecord {
    func encoded() throws -> egress_pod {
        var value = egress_pod()
        if let ipv4 { value.address4 = try IPv4Datapath.wire(ipv4, "pod address") }
        if let ipv6 { value.address6 = try ipv6.wire6("pod address") }
        value.set = set
        value.deliver_ifindex = try wireIndex(deliverIndex, "the device that routes to the pod")
        value.steering = UInt8((steering == .stack ? EGRESS_STEERING_STACK : EGRESS_STEERING_REDIRECT).rawValue)
        value.mode = UInt8((mode == .record ? EGRESS_MODE_RECORD : EGRESS_MODE_ENFORCE).rawValue)
        return value
    }

    init(_ value: egress_pod) {
        let (ipv4, ipv6) = (IPv4Datapath.address(value.address4), IPv6Datapath.address(value.address6))
        self.init(
            ipv4: ipv4.isUnspecified ? nil : ipv4, ipv6: ipv6.isUnspecified ? nil : ipv6, set: value.set,
            deliverIndex: Int(value.deliver_ifindex),
            steering: value.steering == UInt8(EGRESS_STEERING_STACK.rawValue) ? .stack : .redirect,
            mode: value.mode == UInt8(EGRESS_MODE_RECORD.rawValue) ? .record : .enforce)
    }
}
