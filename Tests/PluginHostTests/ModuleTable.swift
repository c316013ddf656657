// SPDX-License-Identifier: Apache-2.0
import CEgressPlugin
import Glibc
import Testing

/// A module's table, called in the test's own process: for what a host never does, and for statuses as they are.
struct ModuleTable {
    let table: egress_plugin

    init(_ path: String) throws {
        let handle = try #require(dlopen(path, RTLD_NOW | RTLD_LOCAL))
        let symbol = try #require(dlsym(handle, "egress_plugin_v1"))
        let entry = unsafeBitCast(symbol, to: (@convention(c) () -> UnsafePointer<egress_plugin>?).self)
        table = try #require(entry()).pointee
    }

    struct Outcome: Equatable {
        var status: Int32
        /// The answer, or the error.
        var text: String
        var needed: Int
    }

    /// Opens with `config`, asks, and closes twice; the outcome of the first call that isn't done.
    func outcome(_ config: [UInt8], request: String = "{}", room: Int = 8192, errorRoom: Int = 2048) -> Outcome {
        var instance: UnsafeMutableRawPointer?
        var opened = Outcome(status: 0, text: "", needed: 0)
        Text.with(errorRoom) { error in
            opened.status = config.withUnsafeBytes { bytes in
                table.open(nil, Array(bytes.map { CChar(bitPattern: $0) } + [0]), &instance, &error)
            }
            (opened.text, opened.needed) = (Text.string(error), error.needed)
        }
        guard opened.status == 0 else {
            #expect(instance == nil)
            return opened
        }
        let outcome = ask(instance, request, room: room, errorRoom: errorRoom)
        table.close(&instance)
        #expect(instance == nil)
        table.close(&instance)
        return outcome
    }

    func outcome(_ config: String, request: String = "{}", room: Int = 8192, errorRoom: Int = 2048) -> Outcome {
        outcome(Array(config.utf8), request: request, room: room, errorRoom: errorRoom)
    }

    func ask(_ instance: UnsafeMutableRawPointer?, _ request: String, room: Int = 8192, errorRoom: Int = 2048) -> Outcome {
        var outcome = Outcome(status: 0, text: "", needed: 0)
        Text.with(room) { answer in
            Text.with(errorRoom) { error in
                outcome.status = table.resolve(instance, request, &answer, &error)
                let text = outcome.status == 0 || outcome.status == 4 ? answer : error
                (outcome.text, outcome.needed) = (Text.string(text), text.needed)
            }
        }
        return outcome
    }
}

private enum Text {
    /// A buffer with 8 bytes behind it that must stay as they are.
    static func with(_ capacity: Int, _ body: (inout egress_text) -> Void) {
        let bytes = UnsafeMutableBufferPointer<CChar>.allocate(capacity: capacity + 8)
        defer { bytes.deallocate() }
        bytes.initialize(repeating: 0x55)
        var text = egress_text(bytes: bytes.baseAddress, capacity: capacity, needed: 0)
        body(&text)
        #expect(bytes[capacity...].allSatisfy { $0 == 0x55 }, "nothing is written behind the room")
    }

    static func string(_ text: egress_text) -> String {
        let bytes = UnsafeBufferPointer(start: text.bytes, count: text.capacity).prefix { $0 != 0 }
        return String(validating: bytes.map { UInt8(bitPattern: $0) }, as: UTF8.self) ?? "no UTF-8"
    }
}
