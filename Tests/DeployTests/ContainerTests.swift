import Foundation
import TestKit
import Testing

/// The DaemonSet's containers from the image's root, with exactly the manifest's rights, on the lab's nodes.
@Suite(.requires(.lab), .requires(.api), .requiresImage, .serialized) struct ContainerTests {
    @Test func `pods leave by their egress IP through containers with the manifest's rights`() throws {
        try ContainerLab.with { lab in
            try lab.startAll()
            try lab.apply(samplePolicy())
            #expect(try lab.seen("mediabot") == ContainerLab.egressIP)
            #expect(try lab.seen("mediabot-on-gateway") == ContainerLab.egressIP)
            #expect(try lab.seen("bystander") == "192.0.2.11")
            // Strict reverse path filters drop what comes from outside through the tunnel.
            #expect(try lab.exec("node-2", "sysctl", "-n", "net.ipv4.conf.egw0.rp_filter") == "2\n")

            let agent = try status(lab, "agent"), helper = try status(lab, "helper")
            #expect(agent["Uid"] == "65532 65532 65532 65532" && agent["Gid"] == "65532 65532 65532 65532")
            #expect(helper["Uid"] == "0 0 0 0")
            #expect(agent["Groups"] == "65532" && helper["Groups"] == "65532")
            #expect(agent["CapEff"] == "0000000000000000" && agent["CapBnd"] == "0000000000000000")
            // BPF 39, NET_ADMIN 12, NET_BROADCAST 11, SETUID 7, SETGID 6.
            #expect(helper["CapEff"] == "00000080000018c0" && helper["CapBnd"] == "00000080000018c0")
            for both in [agent, helper] { #expect(both["NoNewPrivs"] == "1" && both["Seccomp"] == "2") }
        }
    }

    @Test func `the roots are read-only, and the helper has nothing of the agent's credentials`() throws {
        try ContainerLab.with { lab in
            try lab.startAll()
            for container in ["agent", "helper"] {
                let mounts = FileText.read(try lab.process("node-1", container) + "/mounts") ?? ""
                let root = mounts.split(separator: "\n").first { $0.split(separator: " ").dropFirst().first == "/" }
                #expect(root?.split(separator: " ")[3].hasPrefix("ro") == true, "\(container): \(root ?? "")")
            }
            let agentRoot = try lab.process("node-1", "agent") + "/root"
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: agentRoot + "/run/secrets/kubernetes.io/serviceaccount").sorted()
                    == ["ca.crt", "namespace", "token"])
            let helperRoot = try lab.process("node-1", "helper") + "/root"
            #expect(try FileManager.default.contentsOfDirectory(atPath: helperRoot + "/run/secrets/kubernetes.io/serviceaccount") == [])
            let agentMounts = FileText.read(try lab.process("node-1", "agent") + "/mounts") ?? ""
            for place in ["/host/bpf", "/host/proc", "/var/lib/kubectl-egress"] { #expect(!agentMounts.contains(" \(place) "), "\(place)") }
        }
    }

    @Test func `the probes say whether the helper answers`() throws {
        let helper = try DaemonSet.base().container("helper")
        let probes = [helper.readinessProbe, helper.livenessProbe].compactMap { $0?.exec.command }
        #expect(probes.count == 2)
        try ContainerLab.with(.folder) { lab in
            try lab.start("node-1", ["helper"])
            for command in probes {
                try lab.eventually("the probe succeeds") { try lab.probe("node-1", "helper", command).succeeded }
            }
            // A helper that is there and says nothing.
            let process = try lab.process("node-1", "helper").dropFirst("/proc/".count)
            try Command.run(["kill", "-STOP", String(process)])
            for command in probes {
                let started = ContinuousClock.now
                let outcome = try Command.outcome(
                    ["timeout", "5", Programs.top + "/Tests/Lab/daemonset-pod", "exec", lab.pod("node-1"), "helper"] + command)
                #expect(!outcome.succeeded && ContinuousClock.now - started < .seconds(8))
            }
            try Command.run(["kill", "-CONT", String(process)])
        }
    }

    @Test func `an address of the node itself reserves its ports through the mounted kernel parameters`() throws {
        let before = FileText.read("/proc/sys/net/ipv4/ip_local_reserved_ports")
        try ContainerLab.with { lab in
            try lab.startAll()
            try lab.apply(samplePolicy(source: "interface: eth0"))
            #expect(try lab.seen("mediabot") == "192.0.2.12")
            #expect(try lab.exec("node-2", "sysctl", "-n", "net.ipv4.ip_local_reserved_ports") == "16384-24575\n")
        }
        #expect(FileText.read("/proc/sys/net/ipv4/ip_local_reserved_ports") == before, "the machine's own stay")
    }

    /// What the mount of the host's parameters is for.
    @Test func `without that mount the runtime's read-only proc refuses, and the helper says what to set`() throws {
        try ContainerLab.with(.folder) { lab in
            for node in ContainerLab.nodes { try lab.start(node, change: .init(helperArguments: ["--proc-sys=/proc/sys"])) }
            try lab.apply(samplePolicy(), wait: false)
            try lab.eventually("the helper's log names the parameter") {
                lab.log("node-1", "helper").split(separator: "\n").contains {
                    $0.contains("can't set net.ipv") && $0.contains("egw0") && $0.contains("Read-only file system")
                }
            }
        }
    }

    /// A line of proc(5), blanks single.
    private func status(_ lab: ContainerLab, _ container: String) throws -> [String: String] {
        let text = FileText.read(try lab.process("node-1", container) + "/status") ?? ""
        return Dictionary(
            text.split(separator: "\n").compactMap { line in
                guard let colon = line.firstIndex(of: ":") else { return nil }
                let value = line[line.index(after: colon)...].split(whereSeparator: \.isWhitespace).joined(separator: " ")
                return (String(line[..<colon]), value)
            }, uniquingKeysWith: { first, _ in first })
    }
}
