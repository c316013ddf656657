// SPDX-License-Identifier: Apache-2.0
import CEgressPlugin
import Glibc

/// An open instance of a module under test.
final class ProbeInstance {
    private let probe: Probe
    private(set) var pointer: UnsafeMutableRawPointer?

    init(probe: Probe, pointer: UnsafeMutableRawPointer) {
        (self.probe, self.pointer) = (probe, pointer)
    }

    /// The status as it comes; only what must never happen is looked at.
    func call(_ request: String, _ place: String, answer: GuardedBuffer, error: GuardedBuffer) throws(ProbeEnd) -> Int32 {
        guard let function = probe.table.resolve else { throw .skipped("there is no resolve") }
        probe.step(place)
        let status = request.withCString { function(pointer, $0, &answer.text, &error.text) }
        if let damage = answer.damage { throw Probe.damaged(place, damage, "answer_json") }
        if let damage = error.damage { throw Probe.damaged(place, damage, "error") }
        guard (0...4).contains(status) || status >= 100 else {
            throw .failed("\(place) returned status \(status), which is reserved", "return 0 to 4 as the header says, or 100 and up")
        }
        return status
    }

    /// With as much room as there may be.
    func resolve(_ request: String, _ what: String = "") throws(ProbeEnd) -> ProbeAnswer {
        let place = what.isEmpty ? "resolve" : "resolve with \(what)"
        let (answer, error) = (try probe.buffer(Probe.longestAnswer), try probe.buffer(Probe.longestError))
        let status = try call(request, place, answer: answer, error: error)
        guard status != Int32(EGRESS_PLUGIN_BUFFER_SMALL.rawValue) else {
            throw .failed(
                "\(place) needs \(answer.text.needed) bytes for its answer", "keep answers to 65,536 bytes: the host gives no more room")
        }
        guard status == Int32(EGRESS_PLUGIN_DONE.rawValue) else { return ProbeAnswer(status: status, error: error.words) }
        guard let content = answer.content, let text = String(validating: content, as: UTF8.self) else {
            throw .failed("\(place) returned 0 and no UTF-8 text that ends with NUL", "end the answer with NUL")
        }
        return ProbeAnswer(status: status, text: text)
    }

    func facts(_ facts: String, _ what: String = "") throws(ProbeEnd) {
        let place = what.isEmpty ? "facts" : "facts with \(what)"
        guard let function = probe.table.facts else { throw .skipped("the module has no facts") }
        probe.step(place)
        let status = facts.withCString { function(pointer, $0) }
        guard [0, 1].contains(status) || status >= 100 else {
            throw .failed("\(place) returned status \(status), which facts may not", "return 0, EGRESS_PLUGIN_RETRY, or 100 and up")
        }
    }

    /// `isStrict`: what `close` left in *instance is looked at.
    func close(isStrict: Bool = false) throws(ProbeEnd) {
        guard let function = probe.table.close else { return }
        probe.step("close")
        var pointer = pointer
        function(&pointer)
        ProbeLog.closed()
        self.pointer = nil
        guard !isStrict || pointer == nil else { throw .failed("close left *instance as it was", "set *instance to NULL in close") }
    }
}
