import EgressModel
import EgressPlan
import EgressWire
import JSONText
import TestRandom
import Testing

/// What `flows.watch`, `nat.list`, `ports.get`, `counters.get` and `trace.run` are asked and answer.
@Suite struct SightWireTests {
    private func expectRoundTrip<Value: WireValue & Equatable>(_ value: Value) throws {
        #expect(try Value(wire: JSONReader(JSONValue(parsing: value.wire.text()))) == value)
    }

    private func query<Value: WireValue>(_ text: String, as type: Value.Type = Value.self) throws -> Value {
        try Value(wire: JSONReader(JSONValue(parsing: text), path: JSONPath([.key("params")])))
    }

    @Test func `events, lists, counters and traces come back as they went`() throws {
        var random = SeededRandom(seed: 5)
        for _ in 0..<200 {
            try expectRoundTrip(FlowNews(random.maybe { $0.flowEvent() }, lost: random.next()))
            try expectRoundTrip(FlowQuery(filter: random.filter(), kinds: [.closed]))
            try expectRoundTrip(TranslationQuery(filter: random.filter(), limit: 1 + random.below(100_000)))
            try expectRoundTrip(TranslationList(random.few { $0.translation() }, total: random.below(9)))
            try expectRoundTrip(random.portQuery())
            try expectRoundTrip(PortUseList(random.few { $0.portUse() }))
            try expectRoundTrip(random.trafficReport())
            try expectRoundTrip(random.traceRequest())
            try expectRoundTrip(random.traceResult())
        }
    }

    @Test func `empty params ask for everything`() throws {
        #expect(try query("{}", as: FlowQuery.self) == FlowQuery())
        #expect(try query("{}", as: FlowQuery.self).kinds == [.opened, .closed, .dropped])
        #expect(try query("{}", as: TranslationQuery.self) == TranslationQuery())
        #expect(try query("{}", as: PortQuery.self) == PortQuery())
    }

    @Test(arguments: [
        (#"{"limit":0}"#, "params.limit: is 0, not one of 1 to 100000"), (#"{"limit":100001}"#, "params.limit"),
        (#"{"filter":{"remote":"10.0.0.1"}}"#, "params.filter.remote"), (#"{"filter":{"remotePort":65536}}"#, "params.filter.remotePort"),
        (#"{"filter":{"egressIP":"x"}}"#, "params.filter.egressIP"), (#"{"filter":[]}"#, "params.filter"),
    ])
    func `what is wrong in a query is said with its path`(text: String, path: String) throws {
        let error = #expect(throws: JSONFieldError.self) { try query(text, as: TranslationQuery.self) }
        #expect(error.map { "\($0)" }?.contains(path) == true, "\(String(describing: error))")
    }

    @Test(arguments: [
        #"{"from":{"pod":"web"},"protocol":"tcp","destination":{"address":"192.0.2.1","port":80}}"#,
        #"{"from":{"node":"n","entry":0,"source":"10.0.0.1"},"protocol":"tcp","destination":{"address":"192.0.2.1","port":80}}"#,
        #"{"from":{"namespace":"default","pod":"web"},"protocol":"sctp","destination":{"address":"192.0.2.1","port":80}}"#,
        #"{"from":{"namespace":"default","pod":"web"},"protocol":"tcp","destination":{"address":"192.0.2.1"}}"#,
    ])
    func `a trace of half a packet is refused`(text: String) {
        #expect(throws: JSONFieldError.self) { try query(text, as: TraceRequest.self) }
    }

    @Test func `a trace without a source port and flags opens a connection`() throws {
        let text = #"{"from":{"namespace":"a","pod":"b"},"protocol":"udp","destination":{"address":"2001:db8::1","port":53}}"#
        let request = try query(text, as: TraceRequest.self)
        #expect(request.sourcePort == 50_000 && request.opens && request.transport == .udp)
    }

    @Test func `nothing of sight changes anything, so it goes through the relay`() {
        for method in [HelperMethod.translations, .ports, .watchFlows, .trace, .counters] { #expect(!method.changes) }
    }
}
