import Foundation
import TestKit
import Testing

@Suite(.requiresImage) struct ImageTests {
    private struct Configuration: Decodable {
        struct Process: Decodable {
            struct User: Decodable { var uid, gid: Int }
            var user: User
            var args: [String]
        }
        var process: Process
        var annotations: [String: String]
    }

    @Test func `the image says what it is, and isn't root unless the manifest says so`() throws {
        let text = try String(contentsOfFile: Image.bundle() + "/config.json", encoding: .utf8)
        let configuration = try JSONDecoder().decode(Configuration.self, from: Data(text.utf8))
        #expect(configuration.process.args == ["kubectl-egress"])
        #expect(configuration.process.user.uid == 65532 && configuration.process.user.gid == 65532)
        #expect(configuration.annotations["org.opencontainers.image.title"] == "kubectl-egress")
        #expect(configuration.annotations["org.opencontainers.image.licenses"] == "Apache-2.0")
        let version = configuration.annotations["org.opencontainers.image.version"]
        #expect(Image.name == "localhost/kubectl-egress:\(version ?? "")")
        let daemonSet = try Manifests(yaml: Manifests.kustomize("base")).objects["DaemonSet kubectl-egress/kubectl-egress"]
        #expect(daemonSet?.contains("\"image\": \"\(Image.name ?? "")\"") == true, "the manifest names the image that is built")
    }

    @Test func `all is root's, nothing is set-uid or can be written by others, and no shell is in it`() throws {
        let root = try Image.bundle() + "/rootfs"
        #expect(try Command.run(["find", root, "-perm", "/6000"]) == "")
        #expect(try Command.run(["find", root, "!", "-user", "root"]) == "")
        #expect(try Command.run(["find", root, "!", "-type", "l", "-perm", "/0022", "!", "-perm", "-1000"]) == "")
        let programs = try Command.run(["find", root, "-type", "f", "-perm", "/0111", "-path", "*bin/*", "-printf", "%f\n"])
        #expect(programs.split(separator: "\n").sorted() == ["egress-helper", "kubectl-egress", "nft"])
    }

    @Test func `programs, modules, kubectl's name for completion and the licences of Debian's packages are in it`() throws {
        let root = try Image.bundle() + "/rootfs"
        let there = { FileManager.default.fileExists(atPath: root + $0) }
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: root + "/usr/bin/kubectl_complete-egress") == "kubectl-egress")
        let makefile = try #require(FileText.read(Programs.top + "/Makefile"))
        let line = try #require(makefile.split(separator: "\n").first { $0.hasPrefix("PLUGINS ") })
        let modules = line.split(separator: " ").dropFirst(2)
        #expect(modules.contains("static"))
        for module in modules { #expect(there("/usr/lib/kubectl-egress/plugins/\(module).so"), "\(module)") }
        let packages = try FileManager.default.contentsOfDirectory(atPath: root + "/var/lib/dpkg/status.d")
        #expect(packages.contains("libcurl4") && packages.contains("nftables"))
        #expect(there("/usr/share/doc/libcurl4/copyright"))
    }

    /// As in a container: the image's own loader and libraries, and nothing of this machine but /proc.
    @Test func `the image's helper finds nothing wrong with the image's module in Swift`() throws {
        let root = try Image.bundle() + "/rootfs"
        let check = "/usr/bin/egress-helper plugin-check /usr/lib/kubectl-egress/plugins/spread.so '{\"ipv4\": [\"198.51.100.0/24\"]}'"
        let outcome = try Command.outcome([
            "unshare", "-m", "sh", "-c", "mount -t proc proc '\(root)/proc' && exec chroot '\(root)' \(check)",
        ])
        #expect(outcome.succeeded, "\(outcome.output)\(outcome.errors)")
        #expect(outcome.output.contains(" 0 failed"))
    }

    @Test func `kubectl egress install applies what the kustomization has`() throws {
        let program = try Image.bundle() + "/rootfs/usr/bin/kubectl-egress"
        let embedded = try Manifests(yaml: Command.run([program, "install", "-o", "yaml"]))
        let folder = try Manifests(yaml: Manifests.kustomize("with-policy-crd"))
        #expect(Set(embedded.objects.keys) == Set(folder.objects.keys))
        for (key, object) in embedded.objects { #expect(object == folder.objects[key], "\(key)") }
    }
}
