import Foundation
import TestKit
import Testing

/// What `kubectl rollout restart` does to a node: SIGTERM to both containers, an empty shared folder, both again.
@Suite(.requires(.lab), .requires(.api), .requiresImage, .serialized) struct RolloutTests {
    @Test func `a rollout under a living connection loses no request and changes no port`() throws {
        try ContainerLab.with { lab in
            try lab.startAll()
            try lab.apply(samplePolicy())
            let load = try lab.begin("mediabot", "python3", "-c", Self.client)
            defer { load.stop() }
            usleep(500_000)
            for node in ContainerLab.nodes {
                for container in ["agent", "helper"] { try lab.stop(node, container) }
                try Command.run(["umount", lab.pod(node) + "/volumes/helper"])
            }
            // New connections too, while nobody is there.
            #expect(try lab.seen("mediabot") == ContainerLab.egressIP)
            try lab.startAll()
            let ended = load.finish()
            #expect(ended.output.contains("ended well"), "\(ended.output)\(ended.errors)")
            let long = try lab.accessLog().filter { $0.contains("/long ") }
            #expect(long.count == 60)
            #expect(Set(long.map { $0.split(separator: " ")[0...1].joined(separator: ":") }).count == 1, "one address and one port")
            for node in ContainerLab.nodes {
                #expect(lab.log(node, "helper").contains("plan=as before"), "\(lab.log(node, "helper"))")
                #expect(lab.log(node, "helper").contains("stopped; the datapath stays as it is"))
            }
        }
    }

    @Test func `when policies and DaemonSet are gone pods leave as their node, and the commands of the docs remove the rest`() throws {
        try ContainerLab.with { lab in
            try lab.startAll()
            try lab.apply(samplePolicy())
            #expect(try lab.seen("mediabot") == ContainerLab.egressIP)
            try lab.call("kubectl", "delete", "ciliumegressgatewaypolicies", "--all")
            try lab.eventually("mediabot leaves as its node") { try lab.seen("mediabot") == "192.0.2.11" }
            for node in ContainerLab.nodes {
                for container in ["agent", "helper"] { try lab.stop(node, container) }
                _ = try? lab.exec(node, "nft", "delete", "table", "inet", "kubectl_egress")
                #expect(try !lab.exec(node, "nft", "list", "tables").contains("kubectl_egress"))
                try lab.exec(node, "ip", "link", "delete", "egw0")
                try Command.run(["rm", "-r", "\(lab.folder)/\(node)/bpf/kubectl-egress"])
            }
            #expect(try lab.seen("mediabot") == "192.0.2.11")
            #expect(try lab.seen("mediabot-on-gateway") == "192.0.2.12")
            let uplink = try lab.exec("node-2", "tc", "filter", "show", "dev", "eth0", "ingress")
            #expect(uplink == "", "\(uplink)")
        }
    }

    static let client = """
        import http.client, time
        c = http.client.HTTPConnection("203.0.113.10", 80, timeout=3)
        for i in range(60):
            c.request("GET", "/long")
            c.getresponse().read()
            time.sleep(0.1)
        print("ended well", c.sock.getsockname()[1])
        """
}
