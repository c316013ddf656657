import Foundation
import TestKit

/// A UDP server outside that answers with the address it saw.
struct UDPEcho {
    private let lab: Lab
    private let server: BackgroundProgram

    init(_ lab: Lab) throws {
        self.lab = lab
        let program = """
            import socket
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.bind(("\(Lab.outside)", 5353))
            print("ready", flush=True)
            while True:
                data, peer = s.recvfrom(2048)
                s.sendto(peer[0].encode(), peer)
            """
        server = try BackgroundProgram(["ip", "netns", "exec", "egt-\(lab.id)-outside", "python3", "-c", program], readyWhen: "ready")
    }

    func peer(from pod: String) throws -> String {
        let program = """
            import socket
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.settimeout(3)
            s.sendto(b"who am I", ("\(Lab.outside)", 5353))
            print(s.recvfrom(2048)[0].decode())
            """
        let outcome = try lab.exec(pod, "python3", "-c", program)
        return outcome.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    func stop() { server.stop() }
}

/// A web server inside a pod.
struct HTTPServer {
    private let server: BackgroundProgram

    init(_ lab: Lab, pod: String, port: Int) throws {
        server = try BackgroundProgram(
            [
                "ip", "netns", "exec", "egt-\(lab.id)-\(pod)", "python3", "-u", "-c",
                "import http.server; print('ready', flush=True); http.server.HTTPServer(('', \(port)), http.server.SimpleHTTPRequestHandler).serve_forever()",
            ], readyWhen: "ready")
    }

    func stop() { server.stop() }
}

/// A process of ours that goes on beside the test, and is ended by its id.
final class BackgroundProgram {
    private let process = Process()
    private let output = Pipe()

    init(_ command: [String], readyWhen word: String? = nil) throws {
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        process.standardOutput = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        guard let word else { return }
        var said = ""
        while !said.contains(word) {
            let data = output.fileHandleForReading.availableData
            guard !data.isEmpty else {
                throw Program.Failure(description: "\(command.joined(separator: " ")) ended before it said \"\(word)\": \(said)")
            }
            said += String(decoding: data, as: UTF8.self)
        }
    }

    /// Waits for the end and gives what it said.
    func finish() throws -> (status: Int32, output: String) {
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: data, as: UTF8.self))
    }

    func stop() {
        guard process.isRunning else { return }
        process.terminate()
        process.waitUntilExit()
    }

    deinit { stop() }
}
