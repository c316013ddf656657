// SPDX-License-Identifier: Apache-2.0
import EgressPlan
import Glibc
import PluginHost
import TestKit

/// `plugins/spread` as the Makefile builds it, once for all tests, and a node to ask it about.
enum SpreadModule {
    static let interfaces = """
        [{"name":"lo","altNames":[],"index":1,"addresses":["127.0.0.1/8","203.0.113.9/32"],"up":true},
         {"name":"eth0","altNames":["enp1s0","to-the-world"],"index":2,
          "addresses":["198.51.100.12/32","192.0.2.11/24","198.51.100.3/32","2001:db8::11/64","fe80::1/64"],"up":true},
         {"name":"eth1","altNames":[],"index":3,"addresses":["198.51.100.8/24"],"up":false}]
        """

    static func request(_ config: String, node: String = "node-2", interfaces: String = interfaces, families: String = #"["ipv4","ipv6"]"#)
        -> String
    {
        """
        {"policy":"egress-sample","uid":"u","entry":0,"node":{"name":"\(node)","labels":{},"annotations":{}},
         "interfaces":\(interfaces),"defaultRoute":{"ipv4":"eth0","ipv6":null},"families":\(families),"config":\(config)}
        """
    }

    /// A folder with the module in it.
    static func folder() throws -> ModuleFolder {
        let folder = try ModuleFolder()
        try Command.run(["cp", try built.get(), folder.file("spread.so")])
        try run("/bin/chmod", ["go-w", folder.file("spread.so")])
        return folder
    }

    static func resolve(
        _ config: String, node: String = "node-2", interfaces: String = interfaces, families: String = #"["ipv4","ipv6"]"#
    ) async throws -> PluginAnswer {
        let folder = try folder()
        return try await folder.host().resolve(
            strategy: "spread", requestJSON: request(config, node: node, interfaces: interfaces, families: families))
    }

    private static let built = Result<String, any Error> {
        try Command.run(["make", "--no-print-directory", "-C", project, ".build/plugins/spread.so"])
        return "\(project)/.build/plugins/spread.so"
    }
}
