// SPDX-License-Identifier: Apache-2.0
import CEgressPlugin
import Glibc
import Synchronization

/// The `log` that a module under test is given; counts what is wrong with its calls. Any thread may call.
enum ProbeLog {
    private static let open = Atomic<Int>(0)
    private static let wrongContext = Atomic<Int>(0)
    private static let wrongLevel = Atomic<Int>(0)
    private static let wrongMessage = Atomic<Int>(0)
    private static let afterClose = Atomic<Int>(0)
    /// An address that a module has no reason to invent.
    private nonisolated(unsafe) static let context = UnsafeMutableRawPointer.allocate(byteCount: 16, alignment: 16)

    static func opened() { open.add(1, ordering: .sequentiallyConsistent) }
    static func closed() { open.subtract(1, ordering: .sequentiallyConsistent) }

    /// Lives until the process ends.
    static func makeHost() -> UnsafePointer<egress_host> {
        let host = UnsafeMutablePointer<egress_host>.allocate(capacity: 1)
        host.initialize(
            to: egress_host(
                size: MemoryLayout<egress_host>.size, context: context,
                log: { context, level, message in ProbeLog.take(context, level, message) }))
        return UnsafePointer(host)
    }

    private static func take(_ context: UnsafeMutableRawPointer?, _ level: Int32, _ message: UnsafePointer<CChar>?) {
        if open.load(ordering: .sequentiallyConsistent) <= 0 { afterClose.add(1, ordering: .relaxed) }
        if context != Self.context { wrongContext.add(1, ordering: .relaxed) }
        if !(0...3).contains(level) { wrongLevel.add(1, ordering: .relaxed) }
        guard let message, String(validatingCString: message) != nil else {
            wrongMessage.add(1, ordering: .relaxed)
            return
        }
    }

    static var findings: [ConformanceFinding] {
        var findings: [ConformanceFinding] = []
        if afterClose.load(ordering: .relaxed) > 0 {
            findings.append(
                ConformanceFinding(
                    what: "called log while no instance was open",
                    advice:
                        "end your threads, or let them fall silent, before close returns; the table of the host is theirs only until then"))
        }
        if wrongContext.load(ordering: .relaxed) > 0 {
            findings.append(
                ConformanceFinding(what: "called log with another context than the host's", advice: "hand host->context back as it is"))
        }
        if wrongLevel.load(ordering: .relaxed) > 0 {
            findings.append(
                ConformanceFinding(what: "called log with a level that isn't 0 to 3", advice: "use enum egress_plugin_level"))
        }
        if wrongMessage.load(ordering: .relaxed) > 0 {
            findings.append(
                ConformanceFinding(
                    what: "called log with a message that is NULL or no UTF-8", advice: "give log one finished line of UTF-8"))
        }
        return findings
    }
}
