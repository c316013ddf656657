import CEgressShims
import Glibc
import TestKit

/// A network namespace, held by a descriptor; it ends with the last interest in it.
final class BenchNamespace {
    private let descriptor: Int32
    /// As `ip link set … netns` takes it.
    var path: String { "/proc/\(getpid())/fd/\(descriptor)" }

    /// The calling thread's.
    private init(current: Void) throws {
        descriptor = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw TestKitError("no network namespace: \(String(cString: strerror(errno)))") }
    }

    deinit {
        close(descriptor)
    }

    /// Forwards both families, asks nobody for IPv6 addresses, and filters no path.
    static func make() throws -> BenchNamespace {
        let home = try BenchNamespace(current: ())
        guard egress_new_network_namespace() == 0 else { throw TestKitError("unshare: no new network namespace") }
        defer { try? home.enter() }
        let made = try BenchNamespace(current: ())
        for (key, value) in [
            ("ipv4/conf/all/forwarding", "1"), ("ipv4/conf/default/forwarding", "1"), ("ipv4/conf/all/rp_filter", "0"),
            ("ipv4/conf/default/rp_filter", "0"), ("ipv6/conf/all/forwarding", "1"), ("ipv6/conf/default/forwarding", "1"),
            ("ipv6/conf/default/accept_dad", "0"), ("ipv6/conf/default/router_solicitations", "0"),
        ] { try FileText.write(value, to: "/proc/sys/net/\(key)") }
        try made.ip("link set lo up")
        return made
    }

    private func enter() throws {
        guard egress_enter_network_namespace(descriptor) == 0 else { throw TestKitError("setns: the namespace can't be entered") }
    }

    /// Runs `body` in this namespace, then returns to where the thread was.
    func inside<Result>(_ body: () throws -> Result) throws -> Result {
        let home = try BenchNamespace(current: ())
        try enter()
        defer { try? home.enter() }
        return try body()
    }

    /// Lines for `ip -batch`.
    func ip(_ lines: String...) throws {
        try inside { _ = try Command.run(["ip", "-batch", "-"], input: lines.joined(separator: "\n") + "\n") }
    }

    /// A veth with one end here and one there, both up.
    func connect(_ name: String, to other: BenchNamespace, _ otherName: String) throws {
        try ip(
            "link add \(name) type veth peer name egt-peer", "link set egt-peer netns \(other.path)", "link set \(name) up")
        try other.ip("link set egt-peer name \(otherName)", "link set \(otherName) up")
    }

    func index(_ name: String) throws -> Int {
        try inside { Int(if_nametoindex(name)) }
    }
}
