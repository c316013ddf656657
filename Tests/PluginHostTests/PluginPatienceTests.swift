// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import PluginHost

@Suite struct PluginPatienceTests {
    @Test func `a module that fails again and again waits longer, and a minute at most`() {
        let patience = PluginPatience()
        #expect((0...9).map { patience.restart(afterFailures: $0) } == [1, 1, 2, 4, 8, 16, 32, 60, 60, 60].map { .seconds($0) })
    }
}
