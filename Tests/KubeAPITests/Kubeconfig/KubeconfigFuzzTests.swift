import EgressPorts
import Glibc
import Testing

@testable import KubeAPI

/// Kubeconfigs made to break a reader. Each ends in a config or in a sentence that a terminal can hold, and soon.
@Suite struct KubeconfigFuzzTests {
    private static let head = "apiVersion: v1\nkind: Config\n"

    static let texts: [(name: String, text: String)] = [
        ("deep lists", head + "clusters: " + String(repeating: "[", count: 50_000)),
        ("deep objects", head + "clusters: " + String(repeating: "{a: ", count: 20_000)),
        ("deep dashes", head + "users:\n" + String(repeating: "- ", count: 20_000) + "a"),
        (
            "aliases of aliases",
            head
                + (0..<30).map { level in
                    "a\(level): &a\(level) [\(Array(repeating: level == 0 ? "x" : "*a\(level - 1)", count: 10).joined(separator: ","))]\n"
                }.joined()
        ),
        (
            "merged objects",
            head
                + (0..<24).map { level in
                    "a\(level): &a\(level) {\(level == 0 ? "k: v" : "<<: [\(Array(repeating: "*a\(level - 1)", count: 8).joined(separator: ","))]")}\n"
                }.joined()
        ),
        ("an alias of itself", head + "users: &a [*a]\n"),
        ("every key twice", head + (0..<200).map { "k\($0 / 2): 1\n" }.joined()),
        ("one key many times", head + (0..<500).map { "current-context: c\($0)\n" }.joined()),
        ("a long line", head + "current-context: " + String(repeating: "x", count: 1_000_000)),
        ("a number that nobody can hold", head + "current-context: " + String(repeating: "9", count: 100_000)),
        ("only NULs", String(repeating: "\0", count: 10_000)), ("a byte order mark twice", "\u{FEFF}\u{FEFF}" + head),
        ("ends of lines of every kind", head.replacing("\n", with: "\r") + "a: 1\u{85}b: 2\u{2028}c: [\u{2029}"),
        (
            "base64 that is none",
            head + "users: [{name: a, user: {client-certificate-data: \"\(String(repeating: "=", count: 100_000))\"}}]\n"
        ),
        (
            "a server that is no URL",
            head + "clusters: [{name: a, cluster: {server: \"\(String(repeating: "http://[", count: 10_000))\"}}]\n"
        ),
    ]

    @Test(.timeLimit(.minutes(1)), arguments: texts) func `it is read or refused soon`(name: String, text: String) {
        let start = processorSeconds()
        do throws(KubeconfigFault) {
            _ = try Kubeconfig(parsing: Array(text.utf8), file: "f")
        } catch {
            #expect((1...500).contains(error.message.count), "\(name): \(error.message.prefix(600))")
        }
        #expect(processorSeconds() - start < 5, "\(name)")
    }

    private func processorSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
