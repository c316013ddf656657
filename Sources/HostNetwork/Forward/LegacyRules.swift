// SPDX-License-Identifier: Apache-2.0
import EgressPlan
import Glibc

/// The rules of iptables-legacy, which nft doesn't see and no event tells of.
struct LegacyRules: Sendable {
    private static let programs = [("iptables-legacy", "ip_tables_names"), ("ip6tables-legacy", "ip6_tables_names")]

    func policies() -> Set<ForwardPolicy> {
        var found: Set<ForwardPolicy> = []
        for (program, file) in Self.programs {
            guard let tables = Self.tables(file) else {
                found.insert(ForwardPolicy(.unreadable, place: "\(program): /proc/net/\(file) can't be read"))
                continue
            }
            // Without a table there is nothing to read, and nobody needs the program.
            guard !tables.isEmpty else { continue }
            found.formUnion(Self.read(program))
        }
        return found
    }

    private static func read(_ program: String) -> Set<ForwardPolicy> {
        do throws(HostNetworkError) {
            let text = try Command(path: Command.find("\(program)-save"), arguments: []).output()
            return FilterTable.saved(String(decoding: text, as: UTF8.self), program: program).reduce(into: []) {
                $0.formUnion($1.forwardPolicies())
            }
        } catch {
            return [ForwardPolicy(.unreadable, place: "\(program): \(error.message)")]
        }
    }

    /// The tables that the kernel has for the calling thread's network namespace; none on a kernel without them.
    private static func tables(_ name: String) -> String? {
        let descriptor = open("/proc/thread-self/net/\(name)", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return errno == ENOENT ? "" : nil }
        defer { close(descriptor) }
        var text = [UInt8](repeating: 0, count: 4096)
        let count = retrying { Glibc.read(descriptor, &text, text.count) }
        return count < 0 ? nil : String(decoding: text.prefix(count), as: UTF8.self)
    }
}

/// Looks for changes of iptables-legacy's rules, every few seconds.
struct LegacyPoll {
    /// Milliseconds.
    static let interval: Int64 = 3000

    private let rules = LegacyRules()
    private var known: Set<ForwardPolicy>
    private var due: Int64

    init(_ now: Int64) {
        known = rules.policies()
        due = now + Self.interval
    }

    /// `now`: milliseconds.
    mutating func hasChanged(_ now: Int64) -> Bool {
        guard now >= due else { return false }
        due = now + Self.interval
        let found = rules.policies()
        defer { known = found }
        return found != known
    }
}
