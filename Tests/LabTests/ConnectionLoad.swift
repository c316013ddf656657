import Foundation
import TestKit

/// Connections of a pod to nginx while a test disturbs something, and a witness outside who counts every packet by its
/// source.
struct ConnectionLoad {
    /// What `Tests/ConnectionLoad` says in the end.
    struct Report: CustomStringConvertible {
        let counts: [String: Int]
        let errors: String

        subscript(_ name: String) -> Int { counts[name] ?? -1 }
        var description: String {
            let words = counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
            return words + "\n" + errors.split(separator: "\n").suffix(10).joined(separator: "\n")
        }
    }

    private let running: RunningCommand

    /// Returns when all that are held have had an answer.
    init(
        _ lab: Lab, pod: String = "mediabot", server: String = Lab.outside, held: Int = 1000, newPerSecond: Int = 150, seen: [String]
    ) throws {
        running = try lab.start(
            pod, Lab.products.appendingPathComponent("ConnectionLoad").path, server, "80", String(held), String(newPerSecond),
            seen.joined(separator: ","))
        try running.wait(for: "ready")
    }

    /// Ends it when every connection that is held had one more answer, or didn't get one.
    func finish() throws -> Report {
        running.signal(SIGUSR1)
        let outcome = running.finish()
        let lines = outcome.output.split(separator: "\n").map { $0.split(separator: " ") }
        let counts = lines.filter { $0.count == 2 }.map { (String($0[0]), Int($0[1]) ?? -1) }
        return Report(counts: Dictionary(counts) { first, _ in first }, errors: outcome.errors)
    }

    /// Ends it at once.
    func stop() { running.stop() }
}

/// Counts packets outside by their source: a table of nft on the world's own device, in front of everything. What routers
/// say of packets (ICMP errors, redirects) has their own address and is no pod's.
struct Witness {
    private let lab: Lab

    /// - Parameter sources: who may send; the underlay's router, and neighbour discovery, apart.
    init(_ lab: Lab, sources: [String]) throws {
        self.lab = lab
        let (four, six) = (sources.filter { !$0.contains(":") }, sources.filter { $0.contains(":") })
        func rule(_ family: String, _ addresses: [String], _ router: String) -> String {
            guard !addresses.isEmpty else { return "\(family) saddr != { \(router) } counter name wrong" }
            let list = addresses.joined(separator: ", ")
            return "\(family) saddr { \(list) } counter name right\n\(family) saddr != { \(list), \(router) } counter name wrong"
        }
        let table = """
            table inet witness {
            counter right { }
            counter wrong { }
            chain arriving {
            type filter hook prerouting priority -500
            iifname != "eth0" accept
            icmp type { destination-unreachable, redirect, time-exceeded } accept
            icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, 133-137 } accept
            \(rule("ip", four, "203.0.113.1"))
            \(rule("ip6", six, "2001:db8:113::1, fe80::/10"))
            }
            }
            """
        let outcome = try lab.exec("outside", "nft", table)
        guard outcome.succeeded else { throw TestKitError("the witness: \(outcome.errors)") }
    }

    func packets(_ name: String) throws -> Int {
        let listed = try lab.exec("outside", "nft", "list", "counter", "inet", "witness", name).output
        let words = listed.split { $0 == " " || $0 == "\n" || $0 == "\t" }
        guard let place = words.firstIndex(of: "packets"), words.indices.contains(place + 1), let number = Int(words[place + 1]) else {
            throw TestKitError("no counter \(name): \(listed)")
        }
        return number
    }
}
