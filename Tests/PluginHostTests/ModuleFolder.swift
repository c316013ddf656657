// SPDX-License-Identifier: Apache-2.0
import CEgressShims
import Glibc
import Logging
import PluginHost
import Synchronization

/// A folder of modules that the test compiles; it goes with the object.
final class ModuleFolder: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/egt-modules-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw Failure(text: "mkdtemp") }
        path = String(cString: made)
        chmod(path, 0o755)
    }

    deinit { try? run("/bin/rm", ["-rf", path]) }

    /// Path of a file in the folder.
    func file(_ name: String) -> String { "\(path)/\(name)" }

    func write(_ text: String, to name: String) throws {
        guard let stream = fopen(file(name), "w") else { throw Failure(text: "fopen \(name)") }
        fputs(text, stream)
        fclose(stream)
    }

    /// Compiles C text into `name.so`; each text once.
    func compile(_ name: String, _ source: String) throws {
        if let made = Self.compiled.withLock({ $0[source] }) {
            unlink(file("\(name).so"))
            return try write(made, to: "\(name).so")
        }
        try write(source, to: "\(name).c")
        try run(
            "/usr/bin/cc",
            [
                "-std=gnu11", "-Wall", "-Werror", "-fPIC", "-shared", "-I\(project)/plugins/include", file("\(name).c"), "-o",
                file("\(name).so"),
            ])
        let bytes = try read("\(name).so")
        Self.compiled.withLock { $0[source] = bytes }
    }

    private static let compiled = Mutex<[String: [UInt8]]>([:])

    private func read(_ name: String) throws -> [UInt8] {
        guard let stream = fopen(file(name), "r") else { throw Failure(text: "fopen \(name)") }
        defer { fclose(stream) }
        var (bytes, buffer) = ([UInt8](), [UInt8](repeating: 0, count: 64 << 10))
        while case let count = fread(&buffer, 1, buffer.count, stream), count > 0 { bytes += buffer[..<count] }
        return bytes
    }

    private func write(_ bytes: [UInt8], to name: String) throws {
        guard let stream = fopen(file(name), "w") else { throw Failure(text: "fopen \(name)") }
        defer { fclose(stream) }
        guard fwrite(bytes, 1, bytes.count, stream) == bytes.count else { throw Failure(text: "fwrite \(name)") }
        chmod(file(name), 0o755)
    }

    func host(
        patience: PluginPatience = .ofTests, log: LogLines? = nil, executable: String? = nil
    ) throws -> PluginHost {
        var logger = Logger(label: "test") { _ in log ?? LogLines() }
        logger.logLevel = .trace
        return PluginHost(executable: try executable ?? launcher(), folders: [path], patience: patience, logger: logger)
    }

    /// What stands for `egress-helper`.
    func launcher() throws -> String {
        var bytes = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &bytes, bytes.count - 1)
        let own = String(decoding: bytes.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard let slash = own.lastIndex(of: "/") else { throw Failure(text: "no path of its own") }
        return "\(own[..<slash])/PluginHostLauncher"
    }
}

extension PluginPatience {
    /// For a machine that is busy with other things.
    static let ofTests = PluginPatience(start: .seconds(30), call: .seconds(10), restart: .seconds(60), look: .seconds(30))
}

struct Failure: Error {
    var text: String
}

/// The top of the project.
let project = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

func run(_ path: String, _ arguments: [String]) throws {
    var words: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) }
    defer { words.forEach { free($0) } }
    words.append(nil)
    var text = [UInt8](repeating: 0, count: 8192)
    var end = egress_exit()
    let failure = egress_run(path, words, nil, 0, &text, text.count, 60_000, &end)
    guard failure == 0, end.status == 0, end.timed_out == 0 else {
        throw Failure(text: "\(path): \(String(decoding: text.prefix(Int(end.said)), as: UTF8.self))")
    }
}

/// Keeps what is logged.
final class LogLines: LogHandler, Sendable {
    private let kept = Mutex<[String]>([])
    var lines: [String] { kept.withLock { $0 } }

    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    var logLevel: Logger.Level {
        get { .trace }
        set {}
    }
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) {
        kept.withLock { $0.append("\(event.level): \(event.message)") }
    }
}
