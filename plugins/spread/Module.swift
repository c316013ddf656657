// SPDX-License-Identifier: Apache-2.0

/// An instance: one configuration. What C sees of it is a pointer that counts as one reference, from `open` to `close`.
final class Instance {
    let configuration: Configuration
    private let host: UnsafePointer<egress_host>?

    init(_ configuration: Configuration, host: UnsafePointer<egress_host>?) {
        self.configuration = configuration
        self.host = host
    }

    /// For the helper's log.
    func log(_ level: egress_plugin_level, _ line: String) {
        guard let host, let log = host.pointee.log else { return }
        line.withCString { log(host.pointee.context, Int32(truncatingIfNeeded: level.rawValue), $0) }
    }
}

/// Why there is no instance, or no answer: a status of `egress_plugin.h` and the text for a person.
struct Refusal: Error {
    let status: egress_plugin_status
    let text: String

    static func badConfig(_ text: String) -> Refusal { Refusal(status: EGRESS_PLUGIN_BAD_CONFIG, text: text) }
    static func noAddress(_ text: String) -> Refusal { Refusal(status: EGRESS_PLUGIN_NO_ADDRESS, text: text) }
}

extension egress_plugin_status {
    var code: Int32 { Int32(truncatingIfNeeded: rawValue) }
}

extension UnsafeMutablePointer where Pointee == egress_text {
    /// Says what the whole text needs and writes what fits, NUL included; whether all of it did.
    @discardableResult
    func put(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        pointee.needed = bytes.count + 1
        guard let room = pointee.bytes, pointee.capacity > 0 else { return false }
        let count = min(bytes.count, pointee.capacity - 1)
        for position in 0..<count { room[position] = CChar(bitPattern: bytes[position]) }
        room[count] = 0
        return count == bytes.count
    }
}

private func open(
    host: UnsafePointer<egress_host>?, config: UnsafePointer<CChar>?, instance: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
    error: UnsafeMutablePointer<egress_text>?
) -> Int32 {
    guard let config, let instance else { return EGRESS_PLUGIN_BAD_CONFIG.code }
    instance.pointee = nil
    do throws(Refusal) {
        let made = Instance(try Configuration(json: config), host: host)
        instance.pointee = Unmanaged.passRetained(made).toOpaque()
        return EGRESS_PLUGIN_DONE.code
    } catch let refusal {
        error?.put(refusal.text)
        return refusal.status.code
    }
}

private func resolve(
    instance: UnsafeMutableRawPointer?, request: UnsafePointer<CChar>?, answer: UnsafeMutablePointer<egress_text>?,
    error: UnsafeMutablePointer<egress_text>?
) -> Int32 {
    guard let instance, let request, let answer else { return EGRESS_PLUGIN_BAD_CONFIG.code }
    let opened = Unmanaged<Instance>.fromOpaque(instance).takeUnretainedValue()
    do throws(Refusal) {
        let text = try opened.answer(to: request)
        return answer.put(text) ? EGRESS_PLUGIN_DONE.code : EGRESS_PLUGIN_BUFFER_SMALL.code
    } catch let refusal {
        error?.put(refusal.text)
        return refusal.status.code
    }
}

private func close(instance: UnsafeMutablePointer<UnsafeMutableRawPointer?>?) {
    guard let instance, let opened = instance.pointee else { return }
    instance.pointee = nil
    Unmanaged<Instance>.fromOpaque(opened).release()
}

/// Made with the first call, and for ever.
private nonisolated(unsafe) let table: UnsafePointer<egress_plugin> = {
    let table = UnsafeMutablePointer<egress_plugin>.allocate(capacity: 1)
    table.initialize(
        to: egress_plugin(
            size: MemoryLayout<egress_plugin>.size, abi: EGRESS_PLUGIN_ABI, flags: 0, name: constant("spread"), version: constant("1"),
            open: open, resolve: resolve, facts: nil, close: close))
    return UnsafePointer(table)
}()

/// A literal lies in the module's own memory, and ends with NUL.
private func constant(_ text: StaticString) -> UnsafePointer<CChar> {
    UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self)
}

@c(egress_plugin_v1)
public func entry() -> UnsafePointer<egress_plugin>? { table }
