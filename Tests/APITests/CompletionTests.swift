import Glibc
import TestKit
import Testing

extension SharedServerTests {
    /// `kubectl __complete egress …`: kubectl asks `kubectl_complete-egress` on PATH, and relays what it says.
    @Suite struct CompletionTests {
        private func complete(_ words: String..., server: APIServer, environment: [String: String] = [:]) throws -> [String] {
            var settings = ["PATH": "\(Programs.top)/completions:\(Programs.path)"]
            settings.merge(environment) { $1 }
            let run = try server.kubectl(["__complete", "egress"] + words, environment: settings)
            #expect(run.status == 0, "\(run.errors)")
            return run.output.split(separator: "\n").map(String.init)
        }

        @Test func `names come from the cluster, by the flags typed so far`() throws {
            let server = try SampleCluster.server()
            let pods = try complete("explain", "pod", "-n", "default", "med", server: server)
            #expect(pods.first?.hasPrefix("mediabot\tRunning") == true && pods.last == ":4", "\(pods)")
            #expect(try complete("explain", "pod", "-n", "shop", "", server: server).first?.hasPrefix("web") == true)
            #expect(try complete("status", "egress-", server: server).first?.hasPrefix("egress-sample") == true)
            #expect(try complete("list", "--node", "", server: server).prefix(2).allSatisfy { $0.hasPrefix("node-") })
            #expect(try complete("status", "-n", "sh", server: server).first?.hasPrefix("shop") == true)
            #expect(try complete("status", "--context", "", server: server).first == "test")
            #expect(try complete("sta", server: server).first?.hasPrefix("status\t") == true)
        }

        @Test func `a cluster that can't be reached ends in a word of help, in time`() throws {
            let server = try SampleCluster.server()
            let refused = try complete("explain", "pod", "-s", "https://127.0.0.1:1", "", server: server)
            #expect(
                refused.first?.hasPrefix("_activeHelp_ names can't be completed: The connection to the server 127.0.0.1:1 was refused")
                    == true,
                "\(refused)")
            #expect(refused.last == ":4")
            let began = time(nil)
            // An address of a documentation range: packets go nowhere.
            let lost = try complete("status", "--server=https://192.0.2.1", "", server: server)
            #expect(lost.last == ":4")
            #expect(lost.first?.hasPrefix("_activeHelp_ ") == true, "\(lost)")
            #expect(time(nil) - began < 15)
            #expect(
                try complete("status", "--server=https://127.0.0.1:1", "", server: server, environment: ["KUBECTL_ACTIVE_HELP": "0"]) == [
                    ":4"
                ])
        }
    }
}
