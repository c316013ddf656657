import Glibc
import JSONText
import TestKit

/// `stub_server.py` at work: it answers as it was told, and tells what it was asked.
final class StubServer {
    let port: Int
    let url: String
    private let running: RunningCommand
    private let folder: String

    struct Request {
        var method: String
        var target: String
        var headers: [(name: String, value: String)]
        var body: String
        var connection: Int
        /// The common name of the client's certificate.
        var client: String?
        var sni: String?

        func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
    }

    /// - Parameters:
    ///   - certificate: of `Certificates`, without `.crt`; `nil` for plain HTTP.
    ///   - clientAuthority: who must have signed clients' certificates.
    init(
        _ answers: [String: [JSONValue]] = [:], certificate: String? = "server", clientAuthority: String? = nil,
        address: String = "127.0.0.1"
    ) throws {
        var template = Array("/tmp/egt-stub-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw TestKitError("mkdtemp: \(String(cString: strerror(errno)))") }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        var config: JSONObject = ["address": .string(address), "answers": .object(JSONObject(answers.map { ($0, .array($1)) }))]
        if let certificate {
            config["cert"] = .string(try Certificates.path("\(certificate).crt"))
            config["key"] = .string(try Certificates.path("\(certificate).key"))
        }
        if let clientAuthority { config["clientCA"] = .string(try Certificates.path("\(clientAuthority).crt")) }
        try FileText.write(JSONValue.object(config).text(), to: "\(folder)/config.json")
        let script = "\(Programs.top)/Tests/KubeAPITests/Stub/stub_server.py"
        running = try Command.start(["/usr/bin/python3", script, "\(folder)/config.json"])
        port = try portSaid(by: running)
        url = "\(certificate == nil ? "http" : "https")://\(address.contains(":") ? "[\(address)]" : address):\(port)"
    }

    deinit {
        running.stop()
        unlink("\(folder)/config.json")
        rmdir(folder)
    }

    /// A chunk of one byte; JSON has no bytes, so the stub takes the lone ones from a private range.
    static func chunk(_ byte: UInt8) -> JSONValue {
        let scalar = Unicode.Scalar(byte < 0x80 ? UInt32(byte) : 0xF700 + UInt32(byte)) ?? "?"
        return .string(String(Character(scalar)))
    }

    private var lines: [JSONValue] { saidLines(by: running) }

    /// In their order.
    var requests: [Request] {
        lines.compactMap { line in
            guard let method = line["method"]?.stringValue else { return nil }
            let headers = (line["headers"]?.arrayValue ?? []).map { ($0[0]?.stringValue ?? "", $0[1]?.stringValue ?? "") }
            return Request(
                method: method, target: line["target"]?.stringValue ?? "", headers: headers, body: line["body"]?.stringValue ?? "",
                connection: line["connection"]?.integerValue(as: Int.self) ?? 0, client: line["client"]?.stringValue,
                sni: line["sni"]?.stringValue)
        }
    }

    /// Whether a connection that was held open has ended, within two seconds.
    func sawEnd() async throws -> Bool {
        for _ in 0..<200 {
            if lines.contains(where: { $0["ended"] != nil }) { return true }
            try await Task.sleep(for: .milliseconds(10))
        }
        return false
    }
}

/// `stub_proxy.py` at work.
final class StubProxy {
    let port: Int
    private let running: RunningCommand

    init(_ kind: String) throws {
        let script = "\(Programs.top)/Tests/KubeAPITests/Stub/stub_proxy.py"
        running = try Command.start(["/usr/bin/python3", script, kind, Certificates.path("server.crt"), Certificates.path("server.key")])
        port = try portSaid(by: running)
    }

    deinit { running.stop() }

    /// What it was asked, line by line.
    var said: String { running.said }
}

private func saidLines(by running: RunningCommand) -> [JSONValue] {
    running.said.split(separator: "\n").compactMap { try? JSONValue(parsing: String($0)) }
}

private func portSaid(by running: RunningCommand) throws -> Int {
    try running.wait(for: "\n")
    guard let port = saidLines(by: running).first?["port"]?.integerValue(as: Int.self) else {
        throw TestKitError("no port: \(running.said)")
    }
    return port
}
