// SPDX-License-Identifier: Apache-2.0
import CEgressPlugin
import Glibc

/// Lines for the helper's log, on standard error: a level as in syslog's `<3>`, and one line of text.
enum ModuleLog {
    enum Level: Int32 {
        case error = 3
        case warning = 4
        case info = 6
        case debug = 7

        /// Unknown levels are worth a look.
        init(plugin level: Int32) {
            switch level {
            case Int32(EGRESS_PLUGIN_DEBUG.rawValue): self = .debug
            case Int32(EGRESS_PLUGIN_INFO.rawValue): self = .info
            case Int32(EGRESS_PLUGIN_WARNING.rawValue): self = .warning
            default: self = .error
            }
        }
    }

    static let longestLine = 1024

    /// One write, so that lines of several threads don't mix; lost when the helper doesn't read (the pipe doesn't block).
    static func write(_ level: Level, _ message: String) {
        let text = message.utf8.prefix(longestLine).map { $0 < 32 || $0 == 127 ? UInt8(ascii: " ") : $0 }
        let line = Array("<\(level.rawValue)>".utf8) + text + [UInt8(ascii: "\n")]
        _ = Glibc.write(2, line, line.count)
    }
}
