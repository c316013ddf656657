import Foundation
import TestKit
import Testing

/// RuntimeDefault is the runtime's own; the manifest must say which runtimes' the helper lives with.
@Suite(.requires(.lab), .requiresImage, .serialized) struct SeccompTests {
    static let common = "/usr/share/containers/seccomp.json"

    @Test(.enabled("needs Debian's golang-github-containers-common") { FileManager.default.fileExists(atPath: SeccompTests.common) })
    func `the profile of podman and CRI-O refuses bpf to the helper, and the helper says so`() throws {
        try ContainerLab.with(.folder) { lab in
            try lab.start("node-1", ["helper"], change: .init(seccomp: Self.common))
            try lab.eventually("the helper ends") { !FileManager.default.fileExists(atPath: try lab.process("node-1", "helper") + "/exe") }
            #expect(lab.log("node-1", "helper").contains("the container's seccomp profile may forbid bpf to CAP_BPF"))
        }
    }

    @Test(.enabled("needs Debian's golang-github-containers-common") { FileManager.default.fileExists(atPath: SeccompTests.common) })
    func `the agent lives with that profile`() throws {
        try ContainerLab.with(.folder) { lab in
            try lab.start("node-1", ["helper"])
            try lab.start("node-1", ["agent"], change: .init(seccomp: Self.common))
            try lab.eventually("the agent reports") {
                try Command.outcome(["grep", "-rqs", "kind: *\"*EgressNode", lab.folder + "/cluster"]).succeeded
            }
        }
    }
}
