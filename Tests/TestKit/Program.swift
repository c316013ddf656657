public import Foundation

/// Runs a program to its end and keeps what it said; for tests, which may block.
public struct Program {
    public struct Outcome: Sendable {
        public let status: Int32
        public let output: String
        public let errors: String

        public var succeeded: Bool { status == 0 }
    }

    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    /// The top of the checkout, found from this file.
    public static let top = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Where the programs under test were built: beside the test bundle.
    public static let products: URL = {
        let bundle = CommandLine.arguments.first.map { URL(fileURLWithPath: $0).deletingLastPathComponent() }
        let override = ProcessInfo.processInfo.environment["EGRESS_BIN"].map { URL(fileURLWithPath: $0, relativeTo: top) }
        let fallback = top.appendingPathComponent(".build/debug")
        return [override, bundle, fallback].compactMap { $0 }.first {
            FileManager.default.isExecutableFile(atPath: $0.appendingPathComponent("egress-helper").path)
        } ?? fallback
    }()

    /// Runs `path` with arguments; output goes to files, so that a background child of it can't keep a pipe open.
    public static func run(
        _ path: String, _ arguments: [String], environment: [String: String] = [:], input: String? = nil
    ) throws -> Outcome {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("egt-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let files = try ["in", "out", "err"].map { name in
            let file = folder.appendingPathComponent(name)
            try Data((name == "in" ? input ?? "" : "").utf8).write(to: file)
            return file
        }

        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.currentDirectoryURL = top
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = try FileHandle(forReadingFrom: files[0])
        process.standardOutput = try FileHandle(forWritingTo: files[1])
        process.standardError = try FileHandle(forWritingTo: files[2])
        try process.run()
        process.waitUntilExit()
        return Outcome(
            status: process.terminationStatus, output: String(decoding: try Data(contentsOf: files[1]), as: UTF8.self),
            errors: String(decoding: try Data(contentsOf: files[2]), as: UTF8.self))
    }
}
