// SPDX-License-Identifier: Apache-2.0
import CEgressShims
import Glibc

/// A program that is run to its end, in the network namespace of the calling thread.
struct Command {
    /// Absolute.
    var path: String
    var arguments: [String]
    var patienceMilliseconds: Int32 = 10_000

    /// The first of these that is there, or the bare name's usual place.
    static func find(_ name: String) -> String {
        let places = ["/usr/sbin", "/sbin", "/usr/bin", "/bin", "/usr/local/sbin"].map { "\($0)/\(name)" }
        return places.first { access($0, X_OK) == 0 } ?? "/usr/sbin/\(name)"
    }

    /// Throws with what the program said on standard error, unless it ended with 0.
    func run(input: String) throws(HostNetworkError) {
        var text = [UInt8](repeating: 0, count: 4096)
        var end = egress_exit()
        var words: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) }
        defer { words.forEach { free($0) } }
        words.append(nil)
        let bytes = Array(input.utf8)
        let failure = egress_run(path, words, bytes, bytes.count, &text, text.count, patienceMilliseconds, &end)
        guard failure == 0 else { throw HostNetworkError("can't run \(path)", errno: failure, hint: "is it installed?") }
        guard end.timed_out == 0 else { throw HostNetworkError("\(path) did not end in \(patienceMilliseconds / 1000) s and was killed") }
        guard end.status == 0 else {
            throw HostNetworkError("\(path) refused: \(Self.oneLine(text.prefix(Int(end.said))))")
        }
    }

    private static let environment = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"]

    /// What the program printed; throws unless it ended with 0. What it says on standard error is thrown away.
    func output(limit: Int = 64 << 20) throws(HostNetworkError) -> [UInt8] {
        var words: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) }
        var environment: [UnsafeMutablePointer<CChar>?] = Self.environment.map { strdup($0) }
        defer { (words + environment).forEach { free($0) } }
        words.append(nil)
        environment.append(nil)
        var end = egress_exit()
        var failure: Int32 = 0
        // Pages that nothing is written to cost nothing.
        let text = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            failure = egress_capture_quietly(path, words, environment, buffer.baseAddress, limit, patienceMilliseconds, &end)
            count = failure == 0 ? min(limit, Int(clamping: end.said)) : 0
        }
        guard failure == 0 else { throw HostNetworkError("can't run \(path)", errno: failure, hint: "is it installed?") }
        guard end.said <= limit else { throw HostNetworkError("\(path) prints more than \(limit >> 20) MiB") }
        guard end.timed_out == 0 else { throw HostNetworkError("\(path) did not end in \(patienceMilliseconds / 1000) s and was killed") }
        guard end.status == 0 else { throw HostNetworkError("\(path) ended with status \((end.status >> 8) & 0xFF)") }
        return text
    }

    /// Without control characters, lines joined, and not endless.
    private static func oneLine(_ bytes: ArraySlice<UInt8>) -> String {
        let text = String(decoding: bytes.prefix(1024), as: UTF8.self)
        return text.split(whereSeparator: \.isWhitespace).joined(separator: " ").filter { character in
            !character.unicodeScalars.contains { $0.properties.generalCategory == .control }
        }
    }
}
