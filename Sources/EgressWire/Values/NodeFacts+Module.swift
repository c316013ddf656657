import EgressModel
public import EgressPlan
public import JSONText

extension NodeFacts {
    /// What `egress_plugin.h` tells a module about the node: all of `facts`, and the same fields of a request.
    public var moduleJSON: JSONObject {
        [
            "interfaces": .array(interfaces.map(Self.json)),
            "defaultRoute": ["ipv4": .text(defaultRoute.ipv4), "ipv6": .text(defaultRoute.ipv6)],
        ]
    }

    private static func json(_ interface: NetworkInterface) -> JSONValue {
        [
            "name": .string(interface.name), "altNames": .strings(interface.altNames), "index": JSONValue(interface.index),
            "addresses": .texts(interface.addresses), "up": .bool(interface.isUp),
        ]
    }
}
