// SPDX-License-Identifier: Apache-2.0
import Glibc

/// What a module's process prints, line by line into the log, so much a call and no more.
struct ModuleOutput: ~Copyable {
    /// A level as in syslog, 0 to 7, and a line without control characters.
    typealias Log = @Sendable (_ level: Int, _ line: String) -> Void

    let descriptor: Int32
    private(set) var isOpen = true
    private let log: Log
    private var pending: [UInt8] = []
    private var left = Self.linesPerCall
    private var dropped = 0

    private static let linesPerCall = 50
    private static let longestLine = 1024

    init(descriptor: Int32, log: @escaping Log) {
        self.descriptor = descriptor
        self.log = log
    }

    deinit { close(descriptor) }

    mutating func startCall() {
        if dropped > 0 { log(4, "\(dropped) more lines were not kept") }
        left = Self.linesPerCall
        dropped = 0
    }

    /// Reads what is there, at most a megabyte.
    mutating func drain() {
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        for _ in 0..<64 where isOpen {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            if count == 0 { isOpen = false }
            guard count > 0 else { return }
            for byte in buffer[..<count] { take(byte) }
        }
    }

    private mutating func take(_ byte: UInt8) {
        guard byte == UInt8(ascii: "\n") else {
            if pending.count < Self.longestLine { pending.append(byte) }
            return
        }
        let line = pending
        pending.removeAll(keepingCapacity: true)
        guard left > 0 else {
            dropped += 1
            return
        }
        left -= 1
        // `<3>` is ours (ModuleLog); a module that prints by itself has none.
        if line.count >= 3, line[0] == UInt8(ascii: "<"), line[2] == UInt8(ascii: ">"),
            let level = Int(String(decoding: [line[1]], as: UTF8.self))
        {
            log(level, printable(String(decoding: line.dropFirst(3), as: UTF8.self)))
        } else {
            log(6, printable(String(decoding: line, as: UTF8.self)))
        }
    }
}

/// Without control characters, which could do things to a terminal.
func printable(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
}
