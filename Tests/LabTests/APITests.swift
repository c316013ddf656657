import TestKit
import Testing

/// The whole path on a real API server, used with kubectl as users use it.
@Suite(.requires(.lab), .requires(.api), .apiLab, .serialized)
struct APITests {
    private var lab: Lab {
        get throws { try #require(APILab.current) }
    }

    /// A lab with the sample policy in force, and without it afterwards.
    private func withPolicy(_ body: (Lab) async throws -> Void) async throws {
        let lab = try lab
        try lab.apply(samplePolicy())
        do {
            try await body(lab)
        } catch {
            _ = try? lab.kubectl("delete", "cegp", "--all")
            throw error
        }
        try lab.kubectl("delete", "cegp", "--all")
        #expect(try await lab.eventuallySeen("mediabot", as: "192.0.2.11") == "192.0.2.11", "the policy is deleted")
    }

    @Test func `a policy of the API steers the pods it selects, and events say so`() async throws {
        try await withPolicy { lab in
            #expect(try lab.seen("mediabot") == Lab.egressIP)
            #expect(try lab.seen("mediabot-on-gateway") == Lab.egressIP)
            #expect(try lab.seen("bystander") == "192.0.2.11")
            #expect(try lab.egress("explain", "pod", "mediabot").output.contains(Lab.egressIP))
            // A policy that has no gateway is worth an event, with the code that documentation has a page for.
            try lab.apply(samplePolicy(name: "nowhere", gateway: "node-9"), wait: false)
            let events = try await lab.eventually("EG1001") {
                try lab.kubectl(
                    "get", "events", "-A", "-o", "jsonpath={range .items[*]}{.involvedObject.name} {.reason} {.message}{\"\\n\"}{end}")
            }
            #expect(events.contains("EG1001"), "\(events)")
        }
    }

    @Test func `a label that kubectl gives or takes decides over a running pod`() async throws {
        try await withPolicy { lab in
            try lab.kubectl("label", "pod", "mediabot", "class-")
            #expect(try await lab.eventuallySeen("mediabot", as: "192.0.2.11") == "192.0.2.11")
            try lab.kubectl("label", "pod", "mediabot", "class=mediabot")
            #expect(try await lab.eventuallySeen("mediabot", as: Lab.egressIP) == Lab.egressIP)
        }
    }

    @Test func `the API server's death takes no rule away, and what changed is picked up after it`() async throws {
        try await withPolicy { lab in
            let connection = try LongConnection(lab, from: "mediabot", seconds: 20)
            defer { connection.stop() }
            try lab.call("api", "kill", "apiserver")
            defer { _ = try? lab.call("api", "resume") }
            #expect(try lab.seen("mediabot") == Lab.egressIP)
            // An agent that starts while nobody answers has nothing to plan from, and removes nothing.
            try lab.call("stop", "node-1", "agent", "KILL")
            try lab.call("start-agent", "node-1")
            try await Task.sleep(for: .seconds(2))
            #expect(try lab.seen("mediabot") == Lab.egressIP)
            try lab.call("api", "resume")
            try lab.kubectl("label", "pod", "bystander", "org=empire", "class=mediabot")
            // An agent whose lists were refused for long asks again after up to 30 seconds, as client-go's do.
            #expect(try await lab.eventuallySeen("bystander", as: Lab.egressIP, within: 40) == Lab.egressIP)
            try lab.kubectl("label", "pod", "bystander", "org-", "class-")
            #expect(try await lab.eventuallySeen("bystander", as: "192.0.2.11") == "192.0.2.11")
            let sources = try connection.sources()
            #expect(sources.count == 1, "\(sources)")
            #expect(sources.first?.hasPrefix("\(Lab.egressIP):") == true, "\(sources)")
        }
    }

    @Test(arguments: [
        ["api", "helper", "agent"], ["helper", "agent", "api"], ["agent", "api", "helper"],
    ])
    func `API server, helper and agent die and return in any order without a rule lost`(order: [String]) async throws {
        try await withPolicy { lab in
            let connection = try LongConnection(lab, from: "mediabot", seconds: 15)
            defer { connection.stop() }
            for name in order {
                if name == "api" {
                    try lab.call("api", "kill", "apiserver")
                } else {
                    for node in ["node-1", "node-2"] { try lab.call("stop", node, name, "KILL") }
                }
                #expect(try lab.seen("mediabot") == Lab.egressIP, "\(name) is dead")
            }
            for name in order {
                switch name {
                case "api": try lab.call("api", "resume")
                case "helper": for node in ["node-1", "node-2"] { try lab.call("start-helper", node) }
                default: for node in ["node-1", "node-2"] { try lab.call("start-agent", node) }
                }
                #expect(try lab.seen("mediabot") == Lab.egressIP, "\(name) is back")
            }
            let status = try await lab.eventualStatus("2/2")
            #expect(status.contains("2/2"), "\(status)")
            #expect(try connection.sources().count == 1)
        }
    }

    @Test func `an invalid update leaves the last good version in force, also for an agent that starts then`() async throws {
        try await withPolicy { lab in
            try lab.kubectl("patch", "cegp", "egress-sample", "--type=merge", "-p", #"{"spec":{"destinationCIDRs":["0.0.0.0/99"]}}"#)
            var status = try await lab.eventualStatus("EG2004")
            #expect(status.contains("EG2004"), "\(status)")
            #expect(try lab.seen("mediabot") == Lab.egressIP)
            try lab.call("stop", "node-1", "agent")
            try lab.call("start-agent", "node-1")
            try await Task.sleep(for: .seconds(2))
            #expect(try lab.seen("mediabot") == Lab.egressIP)
            try lab.kubectl("patch", "cegp", "egress-sample", "--type=merge", "-p", #"{"spec":{"destinationCIDRs":["0.0.0.0/0"]}}"#)
            status = try await lab.eventualStatus("EG2004", is: false)
            #expect(!status.contains("EG2004"), "\(status)")
        }
    }

    @Test func `an EgressNode that somebody deletes comes back`() async throws {
        try await withPolicy { lab in
            let uid = try lab.kubectl("get", "egressnode", "node-2", "-o", "jsonpath={.metadata.uid}")
            try lab.kubectl("delete", "egressnode", "node-2")
            let path = "jsonpath={.metadata.uid} {.status.resolutions[*].ipv4[*]}"
            let node = try await lab.eventually(Lab.egressIP) {
                try lab.kubectl("get", "egressnode", "node-2", "--ignore-not-found", "-o", path)
            }
            #expect(node.contains(Lab.egressIP) && !node.contains(uid), "\(node)")
            #expect(try await lab.eventuallySeen("mediabot", as: Lab.egressIP) == Lab.egressIP)
        }
    }

    /// Two owners of one policy would each rewrite the packets.
    @Test func `beside Cilium's own egress gateway nothing is programmed, and the status says why`() async throws {
        let lab = try lab
        try lab.kubectl("create", "configmap", "cilium-config", "-n", "kube-system", "--from-literal=enable-egress-gateway=true")
        defer { _ = try? lab.kubectl("delete", "configmap", "cilium-config", "-n", "kube-system") }
        try lab.apply(samplePolicy(), wait: false)
        let status = try await lab.eventualStatus("EG4007")
        #expect(status.contains("EG4007"), "\(status)")
        #expect(try lab.seen("mediabot") == "192.0.2.11")
        try lab.kubectl("delete", "configmap", "cilium-config", "-n", "kube-system")
        #expect(try await lab.eventuallySeen("mediabot", as: Lab.egressIP) == Lab.egressIP, "its owner is gone")
        try lab.kubectl("delete", "cegp", "--all")
        #expect(try await lab.eventuallySeen("mediabot", as: "192.0.2.11") == "192.0.2.11")
    }
}
