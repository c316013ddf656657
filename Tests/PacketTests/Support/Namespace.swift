import CEgressShims
import Glibc
import TestKit

/// A network namespace, held by a descriptor; it ends with the last interest in it.
final class Namespace {
    private let descriptor: Int32

    /// The calling thread's.
    private init(current: Void) throws {
        descriptor = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw TestKitError("no network namespace: \(String(cString: strerror(errno)))") }
    }

    deinit {
        close(descriptor)
    }

    static func make() throws -> Namespace {
        let home = try Namespace(current: ())
        guard egress_new_network_namespace() == 0 else { throw TestKitError("unshare: no new network namespace") }
        let made = try Namespace(current: ())
        try made.ip("link set lo up")
        try FileText.write("1", to: "/proc/sys/net/ipv4/conf/all/forwarding")
        // Forwarding first: it resets what neighbour discovery does. No address waits for others to object.
        try FileText.write("1", to: "/proc/sys/net/ipv6/conf/all/forwarding")
        try FileText.write("0", to: "/proc/sys/net/ipv6/conf/default/accept_dad")
        try home.enter()
        return made
    }

    private func enter() throws {
        guard egress_enter_network_namespace(descriptor) == 0 else { throw TestKitError("setns: the namespace can't be entered") }
    }

    /// Runs `body` in this namespace, then returns to where the thread was.
    func inside<Result>(_ body: () throws -> Result) throws -> Result {
        let home = try Namespace(current: ())
        try enter()
        defer { try? home.enter() }
        return try body()
    }

    /// Lines for `ip -batch`; `%NAME` is not expanded, it is plain text.
    func ip(_ lines: String...) throws {
        try inside { _ = try Command.run(["ip", "-batch", "-"], input: lines.joined(separator: "\n") + "\n") }
    }

    /// A veth with one end here and one there, both up; each has so many queues in either direction.
    func connect(_ name: String, to other: Namespace, _ otherName: String, queues: Int = 1) throws {
        let shape = "numtxqueues \(queues) numrxqueues \(queues)"
        try ip(
            "link add \(name) \(shape) type veth peer name egt-peer \(shape)",
            "link set egt-peer netns /proc/\(getpid())/fd/\(other.descriptor)",
            "link set \(name) up")
        try other.ip("link set egt-peer name \(otherName)", "link set \(otherName) up")
    }

    /// Has the kernel spread what the device takes over all processors, by each packet's hash.
    func spreadReceived(by name: String) throws {
        // Of /sys only a mount made in the namespace has its devices.
        let script = """
            set -e
            mount -t sysfs none /sys
            all=$(printf %x $(((1 << $(nproc --all)) - 1)))
            for queue in /sys/class/net/\(name)/queues/rx-*; do echo $all >$queue/rps_cpus; done
            """
        try inside { _ = try Command.run(["unshare", "--mount", "sh", "-c", script]) }
    }

    func index(_ name: String) throws -> Int {
        try inside { Int(if_nametoindex(name)) }
    }
}
