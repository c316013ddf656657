// SPDX-License-Identifier: Apache-2.0
import CEgressPlugin
import EgressModel
import EgressPlan
import JSONText

/// What `resolve` makes of requests.
extension Probe {
    func checkResolve() throws(ProbeEnd) {
        let instance = try opened()
        let answer = try instance.resolve(task.request)
        guard !answer.isDone else { return try instance.close() }
        guard !answer.error.isEmpty else {
            throw .failed(
                "resolve returned \(answer.words) without a text", "write why into error: it is what people see in the policy's status")
        }
        warn(
            "resolve answered \(answer.words)",
            "where that is right, give a request that it answers, so that its answers can be checked too: --request @FILE")
    }

    func checkAnswer() throws(ProbeEnd) {
        let instance = try opened()
        _ = try readable(try instance.resolve(task.request), "the answer")
        try instance.close()
    }

    func checkFamilies() throws(ProbeEnd) {
        let instance = try opened()
        for family in ["ipv4", "ipv6"] {
            let request = ProbeRequest.changed(task.request, [("families", [.string(family)])])
            let answer = try instance.resolve(request.text(), "families [\(family)]")
            guard answer.isDone else { continue }
            let read = try readable(answer, "the answer to families [\(family)]")
            if let stray = (family == "ipv4" ? read.ipv6 : read.ipv4).first {
                throw .failed(
                    "asked for families [\(family)], it answered \(stray)", "answer with addresses of the request's families only")
            }
        }
        // There is always one: this is to be survived.
        _ = try instance.resolve(ProbeRequest.changed(task.request, [("families", [])]).text(), "no families")
        try instance.close()
    }

    func checkSameAnswer() throws(ProbeEnd) {
        let first = try opened()
        var answers = [try first.resolve(task.request), try first.resolve(task.request)]
        try first.close()
        let second = try opened()
        answers += [try second.resolve(task.request), try second.resolve(task.request)]
        try second.close()
        guard Set(answers.map { Self.comparable($0) }).count == 1 else {
            throw .failed(
                "gave different answers to the same request: \(answers.map { $0.isDone ? $0.text : $0.words }.joined(separator: ", "))",
                "answer by the request and the configuration alone; sort what has no order")
        }
    }

    func checkNewerRequest() throws(ProbeEnd) {
        let instance = try opened()
        let known = try instance.resolve(task.request)
        guard let request = try? JSONValue(parsing: task.request) else { throw .skipped("the request is no JSON") }
        // The configuration is the policy's own: what it doesn't know it refuses.
        let config = request["config"]
        let newer = ProbeRequest.newer(request)
        let text = ProbeRequest.changed(newer.text(), config.map { [("config", $0)] } ?? []).text()
        let answer = try instance.resolve(text, "fields of a later version")
        guard Self.comparable(answer) == Self.comparable(known) else {
            throw .failed(
                "with fields that it can't know, it answered \(answer.isDone ? answer.text : answer.words)",
                "ignore fields of the request that you don't know: later versions have more")
        }
        try instance.close()
    }

    func checkNoInterfaces() throws(ProbeEnd) {
        let instance = try opened()
        let request = ProbeRequest.changed(task.request, [("interfaces", []), ("defaultRoute", ["ipv4": nil, "ipv6": nil])])
        let answer = try instance.resolve(request.text(), "no interfaces")
        if answer.isDone {
            _ = try readable(answer, "the answer without interfaces")
        } else {
            guard !answer.error.isEmpty else {
                throw .failed("resolve with no interfaces returned \(answer.words) without a text", "write why into error")
            }
        }
        try instance.close()
    }

    func checkLargeRequest() throws(ProbeEnd) {
        let instance = try opened()
        let answer = try instance.resolve(ProbeRequest.large(task.request), "a megabyte")
        if answer.isDone { _ = try readable(answer, "the answer to a megabyte") }
        try instance.close()
    }

    func checkBrokenRequest() throws(ProbeEnd) {
        let instance = try opened()
        let before = try instance.resolve(task.request)
        for (text, what) in ProbeRequest.broken(task.request) { _ = try instance.resolve(text, what) }
        let after = try instance.resolve(task.request, "a good request after broken ones")
        guard Self.comparable(before) == Self.comparable(after) else {
            throw .failed("answers otherwise after broken requests", "keep nothing of a request that you refuse")
        }
        try instance.close()
    }

    /// Read as the host reads it.
    func readable(_ answer: ProbeAnswer, _ what: String) throws(ProbeEnd) -> PluginAnswer {
        guard answer.isDone else { throw .skipped("resolve answered \(answer.words) this time") }
        let read: PluginAnswer
        do throws(HelperError) {
            read = try PluginAnswer(module: what, version: "", answer: answer.text)
        } catch {
            throw .failed(error.message, "see `resolve` in egress_plugin.h; it was: \(answer.text.prefix(200))")
        }
        guard !read.ipv4.isEmpty || !read.ipv6.isEmpty else {
            throw .failed("\(what) has no address", "return EGRESS_PLUGIN_NO_ADDRESS where there is none")
        }
        if read.ipv4.count > 16 || read.ipv6.count > 16 {
            warn("\(what) has more than 16 addresses of a family", "give 16: more aren't used")
        }
        let known: Set = ["ipv4", "ipv6", "interface", "claim", "validSeconds"]
        if let stray = (try? JSONValue(parsing: answer.text))?.objectValue?.keys.first(where: { !known.contains($0) }) {
            warn("\(what) has a field \(stray)", "there are \(known.sorted().joined(separator: ", ")); others are ignored")
        }
        return read
    }

    /// Equal for answers that mean the same.
    static func comparable(_ answer: ProbeAnswer) -> String {
        guard answer.isDone else { return answer.words }
        return (try? JSONValue(parsing: answer.text))?.text(sorted: true) ?? answer.text
    }
}
