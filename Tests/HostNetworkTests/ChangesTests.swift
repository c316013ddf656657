// SPDX-License-Identifier: Apache-2.0
import EgressModel
import EgressPlan
import Glibc
import TestKit
import Testing

@testable import HostNetwork

@Suite(.requires(.lab))
struct ChangesTests {
    /// Counts elements from its own task, so that a test can wait for one with patience of its own.
    private actor Counter {
        private(set) var count = 0
        func add() { count += 1 }
    }

    private func watching(_ changes: AsyncStream<Void>, _ body: (Counter) async throws -> Void) async throws {
        let counter = Counter()
        let task = Task { for await _ in changes { await counter.add() } }
        defer { task.cancel() }
        try await body(counter)
    }

    private func waits(upTo milliseconds: Int, until condition: () async throws -> Bool) async throws -> Bool {
        for _ in 0..<(milliseconds / 5) {
            if try await condition() { return true }
            try await Task.sleep(for: .milliseconds(5))
        }
        return try await condition()
    }

    @Test func `the first element comes at once, the next with a change`() async throws {
        let node = try Namespace()
        try await watching(try node.run { HostNetwork().changes() }) { counter in
            #expect(try await waits(upTo: 2000) { await counter.count == 1 })
            try await Task.sleep(for: .milliseconds(200))
            #expect(await counter.count == 1)
            try node.shell("ip link add br0 type bridge")
            #expect(try await waits(upTo: 2000) { await counter.count > 1 })
        }
    }

    @Test(arguments: [
        "ip address add 192.0.2.1/24 dev br0", "ip route add 203.0.113.0/24 dev lo", "ip link set br0 mtu 1300",
        "tc qdisc add dev br0 clsact",
    ])
    func `addresses, routes, links and queueing disciplines are changes`(script: String) async throws {
        let node = try Namespace()
        try node.shell("ip link add br0 type bridge\nip link set br0 up")
        try await Task.sleep(for: .milliseconds(100))
        try await watching(try node.run { HostNetwork().changes() }) { counter in
            try await Task.sleep(for: .milliseconds(300))
            let before = await counter.count
            try node.shell(script)
            #expect(try await waits(upTo: 2000) { await counter.count > before })
        }
    }

    @Test func `what somebody does to filters is a change`() async throws {
        let node = try Namespace()
        try node.shell("ip link add br0 type bridge\nip link set br0 up\ntc qdisc add dev br0 clsact")
        try await watching(try node.run { HostNetwork().changes() }) { counter in
            #expect(try await waits(upTo: 2000) { await counter.count >= 1 })
            let add = "tc filter add dev br0 ingress pref 9 protocol all u32 match u32 0 0"
            for script in [
                add, "tc filter del dev br0 ingress pref 9", add, "tc filter del dev br0 ingress", "tc qdisc del dev br0 clsact",
            ] {
                try await Task.sleep(for: .milliseconds(150))
                let before = await counter.count
                try node.shell(script)
                #expect(try await waits(upTo: 1000) { await counter.count > before }, "\(script)")
            }
        }
    }

    @Test func `a burst is a few elements`() async throws {
        let node = try Namespace()
        try node.shell("ip link add br0 type bridge\nip link set br0 up")
        try await watching(try node.run { HostNetwork().changes() }) { counter in
            #expect(try await waits(upTo: 2000) { await counter.count >= 1 })
            try await Task.sleep(for: .milliseconds(200))
            let before = await counter.count
            try node.shell(
                """
                i=0; while [ $i -lt 200 ]; do i=$((i+1)); echo "address add 10.9.8.$i/32 dev br0"; done >/tmp/egt-burst-$$
                ip -batch /tmp/egt-burst-$$; rm /tmp/egt-burst-$$
                """)
            #expect(try await waits(upTo: 2000) { await counter.count > before })
            try await Task.sleep(for: .milliseconds(300))
            #expect(await counter.count - before <= 20)
            let facts = try node.run { try HostNetwork().facts() }
            #expect(facts.interfaces.contains { $0.facts.name == "br0" && $0.facts.addresses.count >= 200 })
        }
    }

    /// With CAP_NET_BROADCAST by the other namespace's own message, without it by looking again.
    @Test(arguments: [true, false])
    func `an address that a pod gets after its veth is seen`(hearsOtherNamespaces: Bool) async throws {
        let node = try Namespace()
        let pod = try Namespace()
        let changes = try node.run { ChangeWatcher.changes(hearsOtherNamespaces: hearsOtherNamespaces) }
        try await watching(changes) { counter in
            #expect(try await waits(upTo: 2000) { await counter.count == 1 })
            try node.shell("ip link add veth7 type veth peer name eth0 netns \"$1\"\nip link set veth7 up", other: pod)
            try pod.shell("ip link set eth0 up")
            try await Task.sleep(for: .milliseconds(300))
            let before = await counter.count
            try pod.shell("ip address add 10.244.3.3/24 dev eth0")
            #expect(try await waits(upTo: 1500) { await counter.count > before })
            #expect(try node.run { try HostNetwork().facts() }.podDevices.map(\.interface) == ["veth7"])
        }
    }

    @Test func `a reader that stops ends the thread and its descriptors`() async throws {
        let node = try Namespace()
        let before = eventDescriptors()
        for _ in 0..<60 {
            let changes = try node.run { HostNetwork().changes() }
            let task = Task { for await _ in changes {} }
            task.cancel()
            await task.value
        }
        // Other tests of this suite watch meanwhile, each with one.
        #expect(try await waits(upTo: 5000) { eventDescriptors() < before + 30 })
    }

    /// Descriptors of eventfd, of which each watcher has one.
    private func eventDescriptors() -> Int {
        (0..<4096).count { number in
            var bytes = [CChar](repeating: 0, count: 64)
            guard readlink("/proc/self/fd/\(number)", &bytes, 63) > 0 else { return false }
            return bytes.prefix { $0 != 0 }.elementsEqual("anon_inode:[eventfd]".utf8.map { CChar(bitPattern: $0) })
        }
    }
}
