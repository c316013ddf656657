import CEgressABI
import Glibc

/// A lookup or a write as the programs noted it.
struct RecordedStep {
    private let step: egress_trace_step

    init(_ step: egress_trace_step) {
        self.step = step
    }

    var kind: egress_trace_what { egress_trace_what(step.what & EGRESS_TRACE_WHAT.rawValue) }
    var isIPv6: Bool { step.what & EGRESS_TRACE_IPV6.rawValue != 0 }
    var isWrite: Bool { step.what & EGRESS_TRACE_WRITE.rawValue != 0 }
    /// Of a lookup that there was something, of a write that it was done.
    var isFound: Bool { step.result == 0 }
    var result: Int32 { step.result }

    /// The beginning of the key, as this; `nil` where less was kept.
    func key<Key: BitwiseCopyable>(_ type: Key.Type = Key.self) -> Key? {
        withUnsafeBytes(of: step.key) { Self.load($0) }
    }

    /// The beginning of the value; its tail is zero where not all of it was kept.
    func value<Value: BitwiseCopyable>(_ type: Value.Type = Value.self) -> Value? {
        guard isFound || isWrite || kind == EGRESS_TRACE_ROUTE else { return nil }
        return withUnsafeBytes(of: step.value) { Self.load($0) }
    }

    private static func load<Value: BitwiseCopyable>(_ kept: UnsafeRawBufferPointer) -> Value? {
        var octets = [UInt8](kept)
        while octets.count < MemoryLayout<Value>.size { octets.append(0) }
        return octets.withUnsafeBytes { $0.loadUnaligned(as: Value.self) }
    }
}
