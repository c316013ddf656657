import Foundation
import Testing

@testable import EgressCommands

private let kubectlPath = ["/usr/bin/kubectl", "/usr/local/bin/kubectl"].first { FileManager.default.isExecutableFile(atPath: $0) }

/// The same arguments to kubectl's own `get` and to `status`: the same words come back. Nothing is reached: the server is a
/// closed port, or the arguments fail before one is asked.
@Suite struct KubectlComparisonTests {
    private func kubectl(_ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: try #require(kubectlPath))
        process.arguments = arguments
        process.environment = ["HOME": "/nonexistent", "KUBECONFIG": "/dev/null", "PATH": "/usr/bin:/bin"]
        let pipe = Pipe()
        process.standardError = pipe
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self)
    }

    @Test(
        .enabled(if: kubectlPath != nil, "kubectl isn't on this machine"),
        arguments: [
            ["--foo"], ["--foo=1"], ["-xy"], ["-Ax"], ["--namespace"], ["-n"], ["-n=x", "--nonsense"], ["--=x"], ["-=x"], ["--watch=maybe"],
            ["--watch="], ["-A", "--request-timeout"], ["-ojson", "-nx", "--sever"], ["-A=perhaps"], ["---x"], ["-w=2"],
        ])
    func `refused arguments are refused in kubectl's words`(arguments: [String]) async throws {
        let theirs = try kubectl(["get", "pods"] + arguments).split(separator: "\n").first.map(String.init) ?? ""
        let ours = await Bench().run(["status"] + arguments, snapshot: false)
        // Some builds of kubectl begin with a capital letter.
        let expected = theirs.hasPrefix("Error: ") ? "error: " + theirs.dropFirst(7) : theirs
        #expect(ours.error.split(separator: "\n").first.map(String.init) == expected)
        #expect(ours.code == 1)
    }

    @Test(
        .enabled(if: kubectlPath != nil, "kubectl isn't on this machine"),
        arguments: [
            ["-oname", "-n=default"], ["-nx", "-o", "json"], ["--watch=false"], ["-Aw=false", "-o=json"], ["--namespace", "-x"],
            ["-A=true"],
            ["-n", ""],
        ])
    func `arguments that kubectl takes are taken`(arguments: [String]) async throws {
        let theirs = try kubectl(["get", "pods", "--server", "http://127.0.0.1:1", "--request-timeout=1s"] + arguments)
        #expect(theirs.contains("refused"), "kubectl itself doesn't take \(arguments): \(theirs)")
        let ours = await Bench().run(["status", "--server", "http://127.0.0.1:1", "--request-timeout=1s"] + arguments)
        #expect(ours.code == 0, "\(ours.error)")
    }
}
