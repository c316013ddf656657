// SPDX-License-Identifier: Apache-2.0
import CEgressPlugin
import CEgressShims
import Glibc
import JSONText

/// How instances live and end.
extension Probe {
    func checkInstances() throws(ProbeEnd) {
        let first = try opened()
        let alone = try first.resolve(task.request)
        let second = try opened()
        let others = [try second.resolve(task.request, "a second instance"), try first.resolve(task.request, "two instances")]
        try second.close()
        let left = try first.resolve(task.request, "the other instance closed")
        guard (others + [left]).allSatisfy({ Self.comparable($0) == Self.comparable(alone) }) else {
            throw .failed(
                "an instance answers otherwise while there is another, or after it was closed", "keep what an instance needs in *instance")
        }
        try first.close()
    }

    func checkFacts() throws(ProbeEnd) {
        let instance = try opened()
        let before = try instance.resolve(task.request)
        let request = try? JSONValue(parsing: task.request)
        let (interfaces, route) = (request?["interfaces"] ?? [], request?["defaultRoute"] ?? [:])
        let facts: JSONValue = ["interfaces": interfaces, "defaultRoute": route]
        for _ in 0..<50 {
            try instance.facts(JSONValue.object(["interfaces": [], "defaultRoute": ["ipv4": nil, "ipv6": nil]]).text(), "no interfaces")
            try instance.facts(facts.text())
        }
        for (text, what) in [("", "no text"), ("{", "the text {"), ("[]", "a list"), (#"{"interfaces":7}"#, "interfaces 7")] {
            try instance.facts(text, what)
        }
        try instance.facts(facts.text())
        let after = try instance.resolve(task.request, "facts told")
        guard Self.comparable(before) == Self.comparable(after) else {
            throw .failed("answers the same request otherwise after facts", "answer by the request: it holds the node as it is now")
        }
        try instance.close()
    }

    func checkClose() throws(ProbeEnd) {
        guard table.close != nil else { throw .skipped("the module's table has no close") }
        let instance = try opened()
        _ = try instance.resolve(task.request)
        try instance.close(isStrict: true)
        // Threads that go on would be heard now.
        usleep(100_000)
        var never: UnsafeMutableRawPointer?
        step("close of NULL")
        table.close?(&never)
        guard never == nil else { throw .failed("close of NULL made an instance", "return at once when *instance is NULL") }
        let again = try opened()
        _ = try again.resolve(task.request, "an instance after close")
        try again.close(isStrict: true)
    }

    func checkLeaks() throws(ProbeEnd) {
        guard table.close != nil else { throw .skipped("the module's table has no close") }
        for _ in 0..<50 { try live() }
        let before = Usage()
        // malloc keeps what was freed for a while, and counts it: what leaks grows each time.
        var growth = Int.max
        for _ in 0..<4 {
            let start = Usage().heap
            for round in 1...250 {
                try live()
                if round % 50 == 0 { try checkDescriptors(since: before) }
            }
            growth = min(growth, Usage().heap - start)
        }
        // A thread that was told to end may need a moment.
        step("threads end", calls: 5)
        for _ in 0..<100 where Usage().threads > before.threads { usleep(20_000) }
        let after = Usage()
        guard after.threads <= before.threads else {
            throw .failed("1,000 instances left \(after.threads - before.threads) threads", "end an instance's threads in close")
        }
        guard growth < 4000 else {
            throw .failed(
                "1,000 instances left \(growth * 4) bytes of memory, \(growth / 250) each", "free in close what open and resolve allocated")
        }
        guard after.resident - before.resident < 16 << 20 else {
            throw .failed(
                "1,000 instances left \((after.resident - before.resident) >> 20) MiB of memory",
                "unmap in close what open and resolve mapped")
        }
    }

    /// Looked at early: a process has few of them.
    private func checkDescriptors(since before: Usage) throws(ProbeEnd) {
        let advice = "close in close what open and resolve opened"
        guard let first = before.descriptors, let now = Usage().descriptors else {
            throw .failed("a few instances used up the process's descriptors", advice)
        }
        guard now - first < 50 else { throw .failed("instances that were closed left \(now - first) descriptors open", advice) }
    }

    private func live() throws(ProbeEnd) {
        let instance = try opened()
        _ = try instance.resolve(task.request)
        try instance.close()
    }

    /// A whole life, in a process that is killed when it starts another.
    func checkProcesses() throws(ProbeEnd) {
        let (_, instance) = try open(task.config)
        guard let instance else { return }
        _ = try instance.resolve(task.request)
        // What facts return is another check's.
        _ = try? instance.facts("{}")
        try instance.close()
    }

    /// The process ends after this with an instance open, as the host's does.
    func checkEnd() throws(ProbeEnd) {
        let instance = try opened()
        _ = try instance.resolve(task.request)
    }
}

/// What a process holds.
private struct Usage {
    /// `nil` when there is none left to count them with.
    let descriptors = count("/proc/self/fd")
    let threads = count("/proc/self/task") ?? 0
    let heap = egress_heap_used()
    let resident = Usage.residentBytes()

    private static func count(_ folder: String) -> Int? {
        guard let directory = opendir(folder) else { return nil }
        defer { closedir(directory) }
        var count = 0
        while readdir(directory) != nil { count += 1 }
        return count
    }

    private static func residentBytes() -> Int {
        guard let file = fopen("/proc/self/statm", "re") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        guard fgets(&line, 255, file) != nil else { return 0 }
        let words = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self).split(separator: " ")
        return words.count > 1 ? (Int(words[1]) ?? 0) * 4096 : 0
    }
}
