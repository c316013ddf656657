import EgressModel
import EgressPlan
import EgressWire
import JSONText
import TestRandom
import Testing

@Suite struct PlanWireTests {
    @Test(arguments: [true, false])
    func `who knows no addresses apart shares all of them or none`(isShared: Bool) throws {
        var random = SeededRandom(seed: 9)
        var entry = random.entry()
        entry.sharedAddresses = isShared ? entry.ipv4 + entry.ipv6 : []
        guard case .object(var members) = entry.wire else {
            Issue.record("an entry is no object")
            return
        }
        members["sharedAddresses"] = nil
        #expect(try PlannedEntry(wire: JSONReader(.object(members))).sharedAddresses == entry.sharedAddresses)
    }

    private func read(_ value: JSONValue) throws -> PlanRequest {
        try PlanRequest(wire: JSONReader(value, path: JSONPath([.key("params")])))
    }

    @Test func `a plan comes back as it went, through text`() throws {
        var random = SeededRandom(seed: 1)
        for _ in 0..<300 {
            let request = PlanRequest(revision: UInt64(random.below(1 << 60)) + 1, plan: random.plan())
            let text = request.wire.text()
            #expect(try read(JSONValue(parsing: text)) == request)
        }
    }

    @Test func `plan get never shows a token`() throws {
        let plan = NodePlan.sample
        let shown = PlanRequest(revision: 1, plan: plan).wire
        let token = try #require(shown["plan"]?["tunnel"]?["tokens"]?[0]?.stringValue)
        #expect(token.count == 24)
        let hidden = PlanInForce(revision: 1, plan: plan).wire
        #expect(hidden["plan"]?["tunnel"]?["tokens"] == .null)
        #expect(!hidden.text().contains(token))
        var state = DatapathState()
        state.settings.tokens = plan.tunnel.tokens
        #expect(!state.wire.text().contains(token))
    }

    @Test func `what is absent is null and never missing`() throws {
        let wire = NodePlan(node: "n", tunnel: TunnelPlan(address: nil)).wire(tokens: .hidden)
        #expect(
            wire.text()
                == #"{"node":"n","tunnel":{"address":null,"port":8474,"tokens":null},"ranges":{"pods":[],"services":[]},"cluster":[],"peers":[],"policies":[],"entries":[],"awaited":[],"sets":[],"pods":[],"foreignOwner":null,"steering":null}"#
        )
    }

    /// Each line: where the plan is changed, to what, and what the answer says.
    @Test(arguments: [
        ("plan.pods[0].set", "1", "params.plan.pods[0].set: is 1, but the plan has 1 sets"),
        ("plan.pods[0].set", "-1", "params.plan.pods[0].set: is -1, but the plan has 1 sets"),
        ("plan.entries[0].id", "0", "params.plan.entries[0].id: is 0, not one of 1 to 4194303"),
        ("plan.entries[0].id", "4194304", "params.plan.entries[0].id: is 4194304, not one of 1 to 4194303"),
        (
            "plan.pods[0].choices[0].ranked[0].entryID", "0",
            "params.plan.pods[0].choices[0].ranked[0].entryID: is 0, not one of 1 to 4194303"
        ),
        (
            "plan.sets[0][0].prefix", "\"198.51.100.0/33\"",
            "params.plan.sets[0][0].prefix: \"198.51.100.0/33\" is not a prefix such as 192.0.2.0/24"
        ),
        ("plan.sets[0][0].action", "\"reject\"", "params.plan.sets[0][0].action: \"reject\" is none of gateway, exclude, drop"),
        ("plan.pods[0].addresses[0]", "\"10.244.1.300\"", "params.plan.pods[0].addresses[0]: \"10.244.1.300\" is not an IP address"),
        ("plan.pods", "null", "params.plan.pods: is missing"),
        ("plan.tunnel.tokens[0]", "\"0011\"", "params.plan.tunnel.tokens[0]: must be 24 hexadecimal digits"),
        ("plan.tunnel.port", "0", "params.plan.tunnel.port: is 0, not one of 1 to 65535"),
        ("plan.entries[0].ipv4", "[\"2001:db8::1\"]", "params.plan.entries[0].ipv4[0]: 2001:db8::1 is not an IPv4 address"),
        ("plan.node", "\"\"", "params.plan.node: has 0 bytes, not 1 to 253"),
        ("plan.node", "\"a\\u001b[31m\"", "params.plan.node: has a control character"),
        ("revision", "0", "params.revision: must be 1 or more"),
        ("revision", "-3", "params.revision: is out of range: 0 to 18446744073709551615"),
    ])
    func `a plan that is wrong anywhere is refused whole, with the place`(place: String, text: String, message: String) throws {
        let wire = try replacing(PlanRequest(revision: 1, plan: .sample).wire, place, with: JSONValue(parsing: text))
        let error = #expect(throws: JSONFieldError.self) { try read(wire) }
        #expect(error?.description == message)
    }

    @Test func `more than eight ranked gateways are refused`() throws {
        var plan = NodePlan.sample
        plan.pods[0].choices[0].ranked = Array(repeating: plan.pods[0].choices[0].ranked[0], count: 9)
        let error = #expect(throws: JSONFieldError.self) { try read(PlanRequest(revision: 1, plan: plan).wire) }
        #expect(error?.description == "params.plan.pods[0].choices[0].ranked: has 9 gateways, more than 8")
    }

    @Test func `an entry id or a prefix that stands twice is refused`() throws {
        var plan = NodePlan.sample
        plan.entries.append(plan.entries[0])
        #expect(throws: JSONFieldError.self) { try read(PlanRequest(revision: 1, plan: plan).wire) }
        plan = .sample
        plan.sets[0].append(plan.sets[0][0])
        let error = #expect(throws: JSONFieldError.self) { try read(PlanRequest(revision: 1, plan: plan).wire) }
        #expect(error?.description == "params.plan.sets[0][1].prefix: 198.51.100.0/24 is in this set twice")
    }

    @Test func `unknown fields of a plan are ignored`() throws {
        var wire = PlanRequest(revision: 1, plan: .sample).wire
        wire = try replacing(wire, "plan.colour", with: "blue")
        #expect(try read(wire).plan == .sample)
    }

    /// Sets the value at a path such as `plan.pods[0].set`.
    private func replacing(_ value: JSONValue, _ place: String, with new: JSONValue) throws -> JSONValue {
        let parts = place.split { ".[]".contains($0) }.map(String.init)
        return replacing(value, parts[...], with: new)
    }

    private func replacing(_ value: JSONValue, _ parts: ArraySlice<String>, with new: JSONValue) -> JSONValue {
        guard let part = parts.first else { return new }
        switch value {
        case .object(var object):
            object[part] = replacing(object[part] ?? .null, parts.dropFirst(), with: new)
            return .object(object)
        case .array(var elements):
            guard let index = Int(part), elements.indices.contains(index) else { return value }
            elements[index] = replacing(elements[index], parts.dropFirst(), with: new)
            return .array(elements)
        default: return value
        }
    }
}
