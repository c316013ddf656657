// SPDX-License-Identifier: Apache-2.0
import CEgressPlugin
import EgressPlan

/// What a module made of one configuration.
final class ModuleInstance {
    private let table: egress_plugin
    private var instance: UnsafeMutableRawPointer?

    init(_ table: egress_plugin, host: UnsafePointer<egress_host>, config: String) throws(HelperError) {
        self.table = table
        guard let open = table.open else { throw Self.failure(-1, "no open") }
        let error = TextBuffer(capacity: TextBuffer.errorCapacity)
        let status = config.withCString { open(host, $0, &instance, &error.text) }
        guard status == Int32(EGRESS_PLUGIN_DONE.rawValue) else { throw Self.failure(status, error.cutContent) }
    }

    func resolve(_ request: String) throws(HelperError) -> String {
        var capacity = 8 << 10
        // Twice is enough for a module that means what it says.
        for _ in 0..<4 {
            let answer = TextBuffer(capacity: capacity)
            let error = TextBuffer(capacity: TextBuffer.errorCapacity)
            guard let resolve = table.resolve else { throw Self.failure(-1, "no resolve") }
            let status = request.withCString { resolve(instance, $0, &answer.text, &error.text) }
            switch status {
            case Int32(EGRESS_PLUGIN_DONE.rawValue):
                guard let content = answer.content else { throw Self.failed("its answer is no UTF-8 text that ends with NUL") }
                return content
            case Int32(EGRESS_PLUGIN_BUFFER_SMALL.rawValue):
                guard answer.text.needed > capacity else { throw Self.failed("asks for more room and then says it needs none") }
                guard answer.text.needed <= Exchange.longestText else {
                    throw Self.failed("its answer has \(answer.text.needed) bytes; \(Exchange.longestText) are allowed")
                }
                capacity = answer.text.needed
            default: throw Self.failure(status, error.cutContent)
            }
        }
        throw Self.failed("asks for more room each time")
    }

    func tell(facts: String) {
        guard let function = table.facts else { return }
        let status = facts.withCString { function(instance, $0) }
        if status != Int32(EGRESS_PLUGIN_DONE.rawValue) { ModuleLog.write(.warning, "facts: status \(status)") }
    }

    func close() {
        table.close?(&instance)
    }

    private static func failure(_ status: Int32, _ text: String) -> HelperError {
        let said = text.isEmpty ? "status \(status), without a reason" : text
        return switch status {
        case Int32(EGRESS_PLUGIN_RETRY.rawValue): HelperError(code: "plugin_retry", message: said)
        case Int32(EGRESS_PLUGIN_BAD_CONFIG.rawValue): HelperError(code: "plugin_refused", message: said)
        case Int32(EGRESS_PLUGIN_NO_ADDRESS.rawValue): HelperError(code: "plugin_no_address", message: said)
        default: HelperError(code: "plugin_failed", message: text.isEmpty ? said : "\(text) (status \(status))")
        }
    }

    private static func failed(_ message: String) -> HelperError { HelperError(code: "plugin_failed", message: message) }
}

/// Room that a module writes a text into (`struct egress_text`).
private final class TextBuffer {
    static let errorCapacity = 2048

    var text: egress_text

    init(capacity: Int) {
        let bytes = UnsafeMutablePointer<CChar>.allocate(capacity: capacity)
        bytes.initialize(repeating: 0, count: capacity)
        text = egress_text(bytes: bytes, capacity: capacity, needed: 0)
        start = bytes
        count = capacity
    }

    // The module may write what it likes into its copy of these.
    private let start: UnsafeMutablePointer<CChar>
    private let count: Int

    deinit { start.deallocate() }

    /// `nil` unless the bytes are UTF-8 and a NUL ends them.
    var content: String? {
        let buffer = UnsafeBufferPointer(start: start, count: count)
        guard let end = buffer.firstIndex(of: 0) else { return nil }
        return String(validating: buffer[..<end], as: UTF8.self)
    }

    /// For an error, whatever is there; broken bytes are repaired.
    var cutContent: String {
        let buffer = UnsafeBufferPointer(start: start, count: count)
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
