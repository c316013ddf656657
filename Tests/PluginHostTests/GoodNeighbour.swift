// SPDX-License-Identifier: Apache-2.0
import EgressPlan
import PluginHost
import Testing

extension ModuleFolder {
    /// `good` answers beside what is bad, before and after.
    func besideGood(
        start: Duration = .seconds(30), call: Duration = .seconds(10), restart: Duration = .seconds(60), log: LogLines? = nil,
        _ body: (PluginHost) async throws -> Void
    ) async throws {
        try compile("good", ModuleSource(name: "good").text)
        let host = try host(patience: PluginPatience(start: start, call: call, restart: restart, look: .seconds(30)), log: log)
        #expect(try await host.resolve(strategy: "good", requestJSON: "{}").ipv4 == [try address("198.51.100.7")])
        try await body(host)
        #expect(try await host.resolve(strategy: "good", requestJSON: "{}").ipv4 == [try address("198.51.100.7")])
    }

    /// Why `bad.so` isn't healthy, and that `good.so` is.
    func reason(_ host: PluginHost) async -> String {
        let statuses = await host.list()
        #expect(statuses.count == 2)
        #expect(statuses.first { $0.name == "good" }?.isHealthy == true)
        let bad = statuses.first { $0.module == file("bad.so") }
        #expect(bad?.isHealthy == false)
        return bad?.reason ?? ""
    }
}
