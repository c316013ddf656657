import TestKit
import Testing

/// What the manifest promises of its two containers.
@Suite struct DaemonSetTests {
    @Test func `the container with credentials has no privileges`() throws {
        let agent = try DaemonSet.base().container("agent")
        #expect(agent.securityContext.runAsNonRoot)
        #expect(agent.securityContext.runAsUser == 65532)
        #expect(agent.securityContext.capabilities.drop == ["ALL"])
        #expect(agent.securityContext.capabilities.add == nil)
        #expect(agent.volumeMounts.map(\.name).sorted() == ["credentials", "helper"])
    }

    @Test func `the container with privileges has no credentials, and no more privileges than five capabilities`() throws {
        let set = try DaemonSet.base()
        let helper = try set.container("helper")
        #expect(!set.spec.template.spec.automountServiceAccountToken)
        #expect(!helper.volumeMounts.contains { $0.name == "credentials" })
        #expect(helper.securityContext.privileged == nil)
        #expect(helper.securityContext.capabilities.drop == ["ALL"])
        #expect(helper.securityContext.capabilities.add == ["BPF", "NET_ADMIN", "NET_BROADCAST", "SETGID", "SETUID"])
    }

    @Test(arguments: ["agent", "helper"])
    func `both have a read-only root, gain no privileges and listen nowhere`(name: String) throws {
        let container = try DaemonSet.base().container(name)
        #expect(container.securityContext.readOnlyRootFilesystem)
        #expect(!container.securityContext.allowPrivilegeEscalation)
        #expect(container.ports == nil)
    }

    @Test func `of the host the pod has its network and three folders`() throws {
        let pod = try DaemonSet.base().spec.template.spec
        #expect(pod.hostNetwork)
        #expect(pod.hostPID == nil && pod.hostIPC == nil)
        #expect(pod.volumes.compactMap { $0.hostPath?.path }.sorted() == ["/proc/sys/net", "/sys/fs/bpf", "/var/lib/kubectl-egress"])
    }

    @Test func `the base leaves the policy's definition to Cilium, and with-policy-crd brings it`() throws {
        let definition = "CustomResourceDefinition /ciliumegressgatewaypolicies.cilium.io"
        let base = try Manifests(yaml: Manifests.kustomize("base"))
        let whole = try Manifests(yaml: Manifests.kustomize("with-policy-crd"))
        #expect(base.objects[definition] == nil)
        #expect(whole.objects[definition] != nil)
        #expect(Set(whole.objects.keys).symmetricDifference(base.objects.keys) == [definition])
    }
}
