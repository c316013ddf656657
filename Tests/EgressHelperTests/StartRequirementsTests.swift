import EgressPlan
import Testing

@testable import EgressHelper

@Suite struct StartRequirementsTests {
    @Test(
        arguments: [
            (UInt64(1 << 12 | 1 << 39), nil), (1 << 12 | 1 << 21, nil), (1 << 12, "the helper needs CAP_BPF"),
            (1 << 39, "the helper needs CAP_NET_ADMIN"), (0, "the helper needs CAP_BPF and CAP_NET_ADMIN"),
        ] as [(UInt64, String?)])
    func `each missing capability is named`(effective: UInt64, message: String?) {
        #expect(StartRequirements.missingCapabilities(effective: effective)?.message == message)
    }

    @Test func `pins that are not on a BPF file system are told the mount`() {
        let root = "22 1 8:1 / / rw - ext4 /dev/vda rw"
        let sys = "23 22 0:20 / /sys rw,nosuid shared:7 - sysfs sysfs rw"
        let bpf = "24 23 0:31 / /sys/fs/bpf rw shared:9 - bpf bpf rw,mode=700"
        func missing(_ mounts: [String]) -> HelperError? {
            StartRequirements.missingFileSystem(bpfRoot: "/sys/fs/bpf/kubectl-egress", mounts: mounts)
        }
        #expect(missing([root, sys, bpf]) == nil)
        #expect(missing([root, sys])?.hint?.contains("mount -t bpf bpf /sys/fs/bpf;") == true)
        #expect(missing([root, sys, "24 23 0:31 / /sys/fs/bpf2 rw - bpf bpf rw"]) != nil)
        #expect(missing([]) != nil)
    }
}
