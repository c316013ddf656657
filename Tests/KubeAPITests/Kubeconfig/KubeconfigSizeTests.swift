import EgressPorts
import Glibc
import TestKit
import TestRandom
import Testing

@testable import KubeAPI

@Suite struct KubeconfigSizeTests {
    /// 50 ms of a processor at most; without optimization the bound only catches what isn't linear.
    @Test func `three hundred contexts in a megabyte are read at once`() throws {
        let folder = try ScratchFolder()
        let data = Base64.encode(Array((KubeconfigSamples.certificate + String(repeating: "x", count: 800)).utf8))
        func list(_ name: String, _ entry: (Int) -> String) -> String {
            "\(name):\n" + (0..<300).map { "- name: n\($0)\n" + entry($0) }.joined()
        }
        let text =
            list("clusters") { "  cluster:\n    server: https://192.0.2.1:\($0 + 1000)\n    certificate-authority-data: \(data)\n" }
            + list("contexts") { "  context:\n    cluster: n\($0)\n    user: n\($0)\n    namespace: ns\n" }
            + list("users") { _ in "  user:\n    client-certificate-data: \(data)\n    client-key-data: \(data)\n" }
            + "current-context: n299\n"
        let path = try folder.write("config", text)
        #expect(text.utf8.count > 1_000_000)
        var access = ClusterAccess()
        access.kubeconfig = path
        var took = Double.infinity
        for _ in 0..<5 {
            let start = threadSeconds()
            let config = try KubeconfigFiles(access).load()
            took = min(took, threadSeconds() - start)
            #expect(config.contexts.count == 300 && config.users.count == 300)
        }
        #if DEBUG
            #expect(took < 5)
        #else
            #expect(took < 0.05)
        #endif
        print("kubeconfig of \(text.utf8.count) bytes: \(Int(took * 1000)) ms")
    }

    private func threadSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    @Test func `broken texts of every kind end in an error or a config, never otherwise`() throws {
        var generator = SeededRandom(seed: 7)
        let samples = KubeconfigSamples.files.sorted { $0.key < $1.key }.map { Array($0.value.utf8) }
        for _ in 0..<3000 {
            guard var bytes = samples.randomElement(using: &generator) else { continue }
            for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: place)
                case 2: bytes.insert(contentsOf: bytes[place...].prefix(20), at: place)
                default: bytes.removeSubrange(place...)
                }
            }
            _ = try? Kubeconfig(parsing: bytes, file: "f")
            _ = try? ExecAnswer(parsing: bytes, apiVersion: KubeconfigExec.v1)
        }
    }

    @Test func `many equal keys are bounded`() {
        let few = "users: [{name: u, user: {" + (0..<40).map { "token: t\($0)" }.joined(separator: ", ") + "}}]"
        #expect((try? Kubeconfig(parsing: Array(few.utf8), file: "f"))?.users["u"]?.token == "t39")
        let many = "users: [{name: u, user: {" + (0..<400).map { "token: t\($0)" }.joined(separator: ", ") + "}}]"
        #expect(throws: KubeconfigFault(message: "yaml: too many keys stand twice")) {
            try Kubeconfig(parsing: Array(many.utf8), file: "f")
        }
    }
}
