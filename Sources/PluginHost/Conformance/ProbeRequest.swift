// SPDX-License-Identifier: Apache-2.0
import JSONText

/// Requests as the host makes them, and as it never should.
enum ProbeRequest {
    /// A node with two interfaces to the world.
    static let full: JSONValue = [
        "policy": "plugin-check", "uid": "5ed1a9c2-7a0f-4f6e-9d0b-2f6f3c1f9a11", "entry": 0,
        "node": [
            "name": "node-1",
            "labels": ["kubernetes.io/hostname": "node-1", "topology.kubernetes.io/zone": "zone-a"],
            "annotations": ["example.com/egress-ip": "198.51.100.7"],
        ],
        "interfaces": [
            ["name": "lo", "altNames": [], "index": 1, "addresses": ["127.0.0.1/8", "::1/128"], "up": true],
            [
                "name": "eth0", "altNames": ["enp1s0"], "index": 2,
                "addresses": ["192.0.2.11/24", "2001:db8:0:1::11/64", "fe80::11/64"], "up": true,
            ],
            [
                "name": "eth1", "altNames": ["enp2s0"], "index": 3,
                "addresses": ["198.51.100.7/24", "198.51.100.8/24", "2001:db8:0:2::7/64"], "up": true,
            ],
            ["name": "eth2", "altNames": [], "index": 4, "addresses": ["203.0.113.9/24"], "up": false],
        ],
        "defaultRoute": ["ipv4": "eth0", "ipv6": "eth0"], "families": ["ipv4", "ipv6"],
    ]

    /// `request` with other members.
    static func changed(_ request: String, _ changes: [(String, JSONValue)]) -> JSONValue {
        var object = (try? JSONValue(parsing: request))?.objectValue ?? JSONObject()
        for (key, value) in changes { object[key] = value }
        return .object(object)
    }

    /// With a member in every object that no version of the header knows.
    static func newer(_ value: JSONValue) -> JSONValue {
        switch value {
        case .array(let elements): return .array(elements.map(newer))
        case .object(let object):
            var members = object.members.map { ($0.key, newer($0.value)) }
            members.append(("fieldOfLater", ["nested": [1, 2.5, nil, true, "text"]]))
            return .object(JSONObject(members))
        default: return value
        }
    }

    /// Just below what a request may have.
    static func large(_ request: String) -> String {
        let addresses: [JSONValue] = (0..<64).map { .string("2001:db8:ffff::\($0)/64") }
        let interfaces: [JSONValue] = (0..<500).map { number in
            [
                "name": .string("veth\(number)"), "altNames": [.string(String(repeating: "n", count: 100) + "\(number)")],
                "index": JSONValue(100 + number), "addresses": .array(addresses), "up": true,
            ]
        }
        let known = (try? JSONValue(parsing: request))?["interfaces"]?.arrayValue ?? []
        return changed(request, [("interfaces", .array(known + interfaces))]).text()
    }

    static func broken(_ request: String) -> [(text: String, what: String)] {
        let deep = String(repeating: "[", count: 100_000)
        var all = [
            ("", "no text"), ("{", "the request {"), ("[]", "the request []"), ("null", "the request null"), ("7", "the request 7"),
            (String(request.prefix(request.count / 2)), "half a request"), (request + request, "two requests"),
            (deep, "100,000 brackets as request"), ("{}", "an empty request"),
        ]
        let strange: [JSONValue] = [nil, true, -1, 1e300, "", "text", [], [nil], [[]], [7], ["text"], ["a": []], [["name": 7]]]
        for key in ["policy", "uid", "entry", "node", "interfaces", "defaultRoute", "families", "config"] {
            for value in strange { all.append((changed(request, [(key, value)]).text(), "\(key) \(value.text())")) }
        }
        let parts: [JSONValue] = [nil, 7, [], [7], [nil], "text", "300.1.2.3/99", ["a": 1]]
        let members: [(String, JSONValue)] = [("name", "eth0"), ("up", true), ("addresses", ["192.0.2.11/24"])]
        for key in ["name", "altNames", "index", "addresses", "up"] {
            for value in parts {
                let interface: JSONValue = .object(JSONObject(members + [(key, value)]))
                all.append((changed(request, [("interfaces", [interface])]).text(), "an interface with \(key) \(value.text())"))
            }
        }
        for key in ["name", "labels", "annotations"] {
            for value in parts {
                all.append((changed(request, [("node", .object(JSONObject([(key, value)])))]).text(), "a node with \(key) \(value.text())"))
            }
        }
        return all
    }
}
