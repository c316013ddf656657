// SPDX-License-Identifier: Apache-2.0
import CEgressPlugin
import JSONText

/// How a module treats the room that it is given.
extension Probe {
    func checkAnswerBuffers() throws(ProbeEnd) {
        let instance = try opened()
        let full = try instance.resolve(task.request)
        guard full.isDone else { throw .skipped("resolve answered \(full.words) this time") }
        let needed = full.text.utf8.count + 1
        for capacity in Set([0, 1, needed - 1, needed, needed + 1, Self.longestAnswer]).sorted() {
            try checkAnswer(instance, capacity: capacity, needed: needed, text: full.text)
        }
        try instance.close()
    }

    private func checkAnswer(_ instance: ProbeInstance, capacity: Int, needed: Int, text: String) throws(ProbeEnd) {
        let (answer, error) = (try buffer(capacity), try buffer(Self.longestError))
        let place = "resolve with a buffer of \(GuardedBuffer.bytes(capacity))"
        let status = try instance.call(task.request, place, answer: answer, error: error)
        let expected = capacity < needed ? EGRESS_PLUGIN_BUFFER_SMALL : EGRESS_PLUGIN_DONE
        guard status == Int32(expected.rawValue) else {
            throw .failed(
                "\(place) returned status \(status); the answer needs \(needed) bytes, so it must be \(expected.rawValue)",
                "return EGRESS_PLUGIN_BUFFER_SMALL when needed > capacity, and only then")
        }
        guard answer.text.needed == needed else {
            throw .failed(
                "\(place) says that it needs \(answer.text.needed) bytes; its answer has \(needed) with NUL",
                "set needed to the bytes of the whole answer, NUL included, whatever the capacity")
        }
        guard capacity < needed || answer.content == Array(text.utf8) else {
            throw .failed("\(place) gave another answer", "the answer doesn't depend on the room for it")
        }
    }

    /// Of errors there are those of a broken configuration, and those of a request without families.
    func checkErrorBuffers() throws(ProbeEnd) {
        let whole = try buffer(64 << 10)
        let (refusal, refused) = try open("[]", "a list", error: whole)
        try refused?.close()
        if refused == nil, refusal.status == Int32(EGRESS_PLUGIN_BAD_CONFIG.rawValue) {
            try checkError("open", whole, whole.text.needed)
            for capacity in [0, 1, 2, 8] {
                let small = try buffer(capacity)
                let (again, instance) = try open("[]", "a list and an error buffer of \(GuardedBuffer.bytes(capacity))", error: small)
                try instance?.close()
                guard again.status == refusal.status else {
                    throw .failed(
                        "open returned status \(again.status) with an error buffer of \(GuardedBuffer.bytes(capacity)), and else \(refusal.status)",
                        "cut the error text; the status stays")
                }
                try checkError("open", small, whole.text.needed)
            }
        }
        try checkResolveErrors()
    }

    private func checkResolveErrors() throws(ProbeEnd) {
        let instance = try opened()
        let request = ProbeRequest.changed(task.request, [("families", [])]).text()
        let (answer, whole) = (try buffer(Self.longestAnswer), try buffer(64 << 10))
        let status = try instance.call(request, "resolve with no families", answer: answer, error: whole)
        guard status != 0, status != 4 else { return try instance.close() }
        try checkError("resolve", whole, whole.text.needed)
        for capacity in [0, 1, 2, 8] {
            let small = try buffer(capacity)
            answer.clear()
            let place = "resolve with no families and an error buffer of \(GuardedBuffer.bytes(capacity))"
            let again = try instance.call(request, place, answer: answer, error: small)
            guard again == status else {
                throw .failed("\(place) returned status \(again), and else \(status)", "cut the error text; the status stays")
            }
            try checkError("resolve", small, whole.text.needed)
        }
        try instance.close()
    }

    private func checkError(_ function: String, _ buffer: GuardedBuffer, _ needed: Int) throws(ProbeEnd) {
        let place = "\(function) with an error buffer of \(GuardedBuffer.bytes(buffer.capacity))"
        guard buffer.text.needed == needed, needed > 0 else {
            throw .failed(
                "\(place) says that its text needs \(buffer.text.needed) bytes, and with more room \(needed)",
                "set needed to the bytes of the whole text, NUL included, whatever the capacity")
        }
        guard buffer.capacity > 0 else { return }
        guard let content = buffer.content else {
            throw .failed("\(place) wrote a text without NUL", "end a text that is cut with NUL too")
        }
        guard buffer.capacity < needed || content.count + 1 == needed else {
            throw .failed(
                "\(place) says that its text needs \(needed) bytes; with NUL it has \(content.count + 1)",
                "set needed to the bytes of the whole text, NUL included")
        }
    }
}
