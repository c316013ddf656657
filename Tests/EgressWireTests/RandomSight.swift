import EgressModel
import EgressPlan
import TestRandom

extension SeededRandom {
    mutating func endpoint() -> Endpoint { Endpoint(address(), UInt16(below(65536))) }
    mutating func transport() -> IPProtocol { IPProtocol(UInt8(below(256))) }
    mutating func podReference() -> ObjectReference { ObjectReference(kind: "Pod", namespace: text(), name: text()) }
    mutating func count() -> PacketCount { PacketCount(packets: next(), bytes: next()) }

    mutating func flowEvent() -> FlowEvent {
        FlowEvent(
            time: 1_795_341_605_000_000 + Int64(below(1_000_000)), kind: pick(FlowEvent.Kind.allCases), transport: transport(),
            pod: maybe { $0.podReference() }, source: maybe { $0.endpoint() }, remote: maybe { $0.endpoint() },
            egress: maybe { $0.endpoint() }, policy: maybe { $0.text() }, podNode: maybe { $0.text() }, gatewayNode: maybe { $0.text() },
            code: maybe { .drop($0.below(64)) })
    }

    mutating func filter() -> ConnectionFilter {
        ConnectionFilter(
            namespace: maybe { $0.text() }, pod: maybe { $0.text() }, podAddresses: few { $0.address() }, policy: maybe { $0.text() },
            egressIP: maybe { $0.address() }, remote: maybe { $0.prefix() }, remotePort: maybe { UInt16($0.below(65536)) })
    }

    mutating func translation() -> Translation {
        Translation(
            transport: transport(), source: endpoint(), remote: endpoint(), egress: endpoint(), state: pick(Translation.State.allCases),
            idleSeconds: Int64(below(9999)), ageSeconds: maybe { Int64($0.below(9999)) }, pod: maybe { $0.podReference() },
            policy: maybe { $0.text() }, podNode: maybe { $0.text() })
    }

    mutating func portQuery() -> PortQuery {
        PortQuery(
            egressIP: maybe { $0.address() }, remote: maybe { $0.address() }, remotePort: maybe { UInt16($0.below(65536)) },
            limit: 1 + below(PortQuery.mostAtOnce))
    }

    mutating func portUse() -> PortUse {
        PortUse(
            egressIP: address(), transport: transport(), remote: endpoint(), used: below(64000), capacity: below(64512), refused: next())
    }

    mutating func trafficReport() -> TrafficReport {
        TrafficReport(
            counters: few { DatapathCounter(name: "no_flow", code: .drop(3), packets: $0.next(), bytes: 1) },
            policies: few {
                PolicyTraffic(
                    policy: $0.text(), uid: "uid-\($0.below(9))", tunnelled: $0.count(), delivered: $0.count(), translated: $0.count(),
                    reversed: $0.count(), dropped: $0.count())
            },
            egressIPs: few {
                AddressTraffic(address: $0.address(), translated: $0.count(), reversed: $0.count(), dropped: $0.count())
            }, portTries: few { PortTries(tries: 1 + $0.below(257), connections: $0.next()) })
    }

    mutating func traceRequest() -> TraceRequest {
        let origin: TraceRequest.Origin =
            flip() ? .pod(namespace: "default", name: text()) : .node(name: text(), entry: id(), source: address())
        return TraceRequest(
            origin: origin, transport: transport(), destination: endpoint(), sourcePort: UInt16(below(65536)), opens: flip())
    }

    mutating func traceResult() -> TraceResult {
        TraceResult(
            node: text(), verdict: pick(TraceResult.Verdict.allCases), code: maybe { .drop($0.below(64)) }, source: endpoint(),
            destination: endpoint(), transport: transport(), egress: maybe { $0.endpoint() }, policy: maybe { $0.text() },
            gatewayNode: maybe { $0.text() }, entry: maybe { $0.id() },
            steps: few { TraceStep(lookup: "rule", isFound: $0.flip(), detail: $0.text()) }, given: "00ff", left: flip() ? "" : "01fe")
    }
}
