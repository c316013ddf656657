// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import HostNetwork

@Suite struct ReservedPortsTests {
    @Test(arguments: [
        ("", "5"), ("5", "5"), ("4", "4-5"), ("6-7", "5-7"), ("1-3,9", "1-3,5,9"), ("0-65535", "0-65535"), ("9,1-2,2-3", "1-3,5,9"),
    ])
    func `a port joins the list`(before: String, after: String) throws {
        var ports = try #require(ReservedPorts(before))
        ports.insert(5...5)
        #expect(ports.text == after)
    }

    @Test(arguments: ["x", "1-", "-", "65536", "3-2", "1-2-3"])
    func `anything else is no list`(text: String) {
        #expect(ReservedPorts(text) == nil)
    }
}
