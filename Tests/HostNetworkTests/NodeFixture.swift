// SPDX-License-Identifier: Apache-2.0
@testable import HostNetwork

/// A node between a pod and the outside:
///
///     pod 10.244.1.10 ── pod0 10.244.1.1 [node] up0 198.51.100.1 ── outside 198.51.100.2, 203.0.113.5
struct NodeFixture {
    let node: Namespace
    let pod: Namespace
    let outside: Namespace

    init() throws {
        node = try Namespace()
        pod = try Namespace()
        outside = try Namespace()
        try node.shell(
            """
            ip link add pod0 type veth peer name eth0 netns "$1"
            ip address add 10.244.1.1/32 dev pod0
            ip link set pod0 up
            ip route add 10.244.1.10/32 dev pod0
            """, other: pod)
        try pod.shell(
            """
            ip address add 10.244.1.10/24 dev eth0
            ip link set eth0 up
            ip route add default via 10.244.1.1
            """)
        try node.shell(
            """
            ip link add up0 type veth peer name eth0 netns "$1"
            ip address add 198.51.100.1/24 dev up0
            ip link set up0 up
            ip route add default via 198.51.100.2
            echo 1 >/proc/sys/net/ipv4/ip_forward
            """, other: outside)
        try outside.shell(
            """
            ip address add 198.51.100.2/24 dev eth0
            ip address add 203.0.113.5/32 dev eth0
            ip link set eth0 up
            ip route add 10.244.0.0/16 via 198.51.100.1
            """)
    }
}
