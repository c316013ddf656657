// SPDX-License-Identifier: Apache-2.0
import CEgressPlugin
import JSONText

/// What `open` makes of configurations.
extension Probe {
    func checkOpen() throws(ProbeEnd) {
        let (answer, instance) = try open(task.config)
        guard let instance else {
            throw .failed(
                "open refused the configuration \(task.config.prefix(200)) with \(answer.words)",
                "give plugin-check a configuration that the module takes, after its path")
        }
        try instance.close()
    }

    func checkBrokenConfig() throws(ProbeEnd) {
        for (text, what) in [
            ("", "an empty configuration"), ("{", "the configuration {"), ("{\"a\":}", "the configuration {\"a\":}"),
            ("}", "the configuration }"), ("{} {}", "two objects as configuration"), ("{\"a\"", "a configuration that is cut"),
            (task.config + "x", "its configuration and an x behind it"), ("{\u{1}}", "a control character as configuration"),
        ] {
            _ = try refused(text, what)
        }
    }

    func checkOtherConfig() throws(ProbeEnd) {
        for text in ["[]", "null", "true", "7", "\"text\"", "[{}]"] { _ = try refused(text, "the configuration \(text)") }
    }

    func checkUnknownField() throws(ProbeEnd) {
        let name = "no-such-field"
        let text = try refused(config(adding: name, "1"), "a field \(name)")
        guard text.contains(name) else {
            throw .failed(
                "open refused a field \(name) with \"\(text)\", which doesn't name it", "say which field is wrong: people see this text")
        }
    }

    func checkLargeConfig() throws(ProbeEnd) {
        let large = String(repeating: "x", count: (1 << 20) - 1000)
        _ = try refused(config(adding: "no-such-field", "\"\(large)\""), "a field of a megabyte")
    }

    func checkDeepConfig() throws(ProbeEnd) {
        let depth = 100_000
        _ = try refused(String(repeating: "[", count: depth) + String(repeating: "]", count: depth), "100,000 brackets")
        let objects = String(repeating: "{\"a\":", count: depth) + "1" + String(repeating: "}", count: depth)
        _ = try refused(objects, "100,000 objects")
    }

    /// The given configuration, and a field before its own.
    private func config(adding name: String, _ value: String) throws(ProbeEnd) -> String {
        guard let open = task.config.firstIndex(of: "{") else { throw .skipped("the configuration is no object") }
        let rest = task.config[task.config.index(after: open)...]
        let isEmpty = rest.first { !$0.isWhitespace } == "}"
        return "{\"\(name)\":\(value)" + (isEmpty ? "" : ",") + rest
    }

    /// The text that it was refused with.
    private func refused(_ config: String, _ what: String) throws(ProbeEnd) -> String {
        let (answer, instance) = try open(config, what)
        if let instance {
            try instance.close()
            throw .failed(
                "open took \(what)", "return EGRESS_PLUGIN_BAD_CONFIG for all that the configuration's schema doesn't allow")
        }
        guard answer.status == Int32(EGRESS_PLUGIN_BAD_CONFIG.rawValue) else {
            throw .failed("open answered \(what) with \(answer.words)", "return EGRESS_PLUGIN_BAD_CONFIG: asking again won't help")
        }
        guard !answer.error.isEmpty else { throw .failed("open refused \(what) without a text", "write what is wrong into error") }
        return answer.error
    }
}
