import TestKit
import Testing

/// `install` and `uninstall` from the binary alone, on a server of their own: they make and remove definitions.
@Suite(.serialized, .requires(.api)) struct InstallTests {
    private static let definition = "customresourcedefinition.apiextensions.k8s.io/ciliumegressgatewaypolicies.cilium.io"

    @Test func `it installs, installs again, waits, and uninstalls`() throws {
        let server = try APIServer.start()
        defer { server.stop() }
        let before = try server.egress("status")
        #expect(before.status == 0 && before.output.contains("kubectl egress install"), "\(before.output)\(before.errors)")
        let dry = try server.egress("install", "--dry-run=server")
        #expect(dry.status == 0, "\(dry.errors)")
        #expect(dry.output.contains("\(Self.definition) created (server dry run)\n"))
        #expect(try server.kubectl("get", "namespace", "kubectl-egress").status == 1)
        let yaml = try server.egress("install", "-o", "yaml", "--image", "registry.example/e:1")
        #expect(yaml.output.contains("image: \"registry.example/e:1\"") || yaml.output.contains("image: registry.example/e:1"))
        #expect(try server.kubectl("apply", "--dry-run=client", "-f", "-", input: yaml.output).status == 0)

        let first = try server.egress("install")
        #expect(first.status == 0, "\(first.errors)")
        #expect(first.output.split(separator: "\n").allSatisfy { $0.hasSuffix(" created") }, "\(first.output)")
        let again = try server.egress("install")
        #expect(again.output.split(separator: "\n").allSatisfy { $0.hasSuffix(" unchanged") }, "\(again.output)")
        #expect(try server.egress("status").output.hasPrefix("No egress policies found.\n"))
        let waiting = try server.egress("install", "--wait", "--timeout=2s")
        #expect(waiting.status == 1)
        #expect(waiting.errors.contains("daemonset.apps/kubectl-egress: no controller has looked at it yet"), "\(waiting.errors)")
        // What the DaemonSet controller would write where no node matches.
        let status =
            #"{"status":{"observedGeneration":1,"currentNumberScheduled":0,"desiredNumberScheduled":0,"numberMisscheduled":0,"numberReady":0}}"#
        try SampleCluster.kubectl(
            server, "patch", "daemonset", "kubectl-egress", "-n", "kubectl-egress", "--subresource=status", "--type=merge", "-p", status)
        #expect(try server.egress("install", "--wait", "--timeout=10s").status == 0)

        let gone = try server.egress("uninstall")
        #expect(gone.status == 0, "\(gone.errors)")
        #expect(gone.output.hasPrefix("daemonset.apps/kubectl-egress deleted\n"))
        #expect(gone.errors.contains("ciliumegressgatewaypolicies.cilium.io and its policies stay; --crds deletes them too"))
        #expect(try server.kubectl("get", "crd", "ciliumegressgatewaypolicies.cilium.io").status == 0)
        #expect(try server.egress("uninstall", "--crds").output.contains("\(Self.definition) deleted\n"))
    }

    @Test func `a definition of Cilium's is left alone`() throws {
        let server = try APIServer.start()
        defer { server.stop() }
        let text = try #require(FileText.read("\(Programs.top)/deploy/crds/ciliumegressgatewaypolicies.yaml"))
        let cilium = text.replacing(
            "\nmetadata:\n", with: "\nmetadata:\n  labels: {io.cilium.k8s.crd.schema.version: 1.31.11}\n", maxReplacements: 1)
        try SampleCluster.kubectl(server, "apply", "--server-side", "--field-manager=cilium-operator", "-f", "-", input: cilium)
        let run = try server.egress("install")
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.errors == "note: ciliumegressgatewaypolicies.cilium.io is there already (Cilium's) and is left as it is\n")
        let managers = try server.kubectl("get", "crd", "ciliumegressgatewaypolicies.cilium.io", "--show-managed-fields", "-o", "yaml")
            .output
        #expect(!managers.contains("manager: kubectl-egress"))
        let gone = try server.egress("uninstall", "--crds")
        #expect(gone.errors.contains("is Cilium's: it and its policies stay"), "\(gone.errors)")
        #expect(try server.kubectl("get", "crd", "ciliumegressgatewaypolicies.cilium.io").status == 0)
    }
}
