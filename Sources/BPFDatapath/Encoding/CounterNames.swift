import CEgressABI

/// Names of the counters, by number: those of `egress_abi.h`, without prefix, in lower case.
enum CounterNames {
    static let drops: [(number: UInt32, name: String)] = [
        (EGRESS_DROP_NO_RECORD.rawValue, "no_record"),
        (EGRESS_DROP_SPOOFED.rawValue, "spoofed"),
        (EGRESS_DROP_NO_FLOW.rawValue, "no_flow"),
        (EGRESS_DROP_NO_GATEWAY.rawValue, "no_gateway"),
        (EGRESS_DROP_NO_EGRESS_IP.rawValue, "no_egress_ip"),
        (EGRESS_DROP_PROTOCOL.rawValue, "protocol"),
        (EGRESS_DROP_FAMILY.rawValue, "family"),
        (EGRESS_DROP_FRAGMENT.rawValue, "fragment"),
        (EGRESS_DROP_FLOWS_FULL.rawValue, "flows_full"),
        (EGRESS_DROP_TTL.rawValue, "ttl"),
        (EGRESS_DROP_MALFORMED.rawValue, "malformed"),
        (EGRESS_DROP_TOKEN.rawValue, "token"),
        (EGRESS_DROP_OUTER_SOURCE.rawValue, "outer_source"),
        (EGRESS_DROP_INNER_SOURCE.rawValue, "inner_source"),
        (EGRESS_DROP_NO_ENTRY.rawValue, "no_entry"),
        (EGRESS_DROP_DESTINATION.rawValue, "destination"),
        (EGRESS_DROP_NO_PORT.rawValue, "no_port"),
        (EGRESS_DROP_NAT_FULL.rawValue, "nat_full"),
        (EGRESS_DROP_NO_ROUTE.rawValue, "no_route"),
        (EGRESS_DROP_UNSOLICITED.rawValue, "unsolicited"),
        (EGRESS_DROP_NO_POD.rawValue, "no_pod"),
        (EGRESS_DROP_REPLY_UNKNOWN.rawValue, "reply_unknown"),
        (EGRESS_DROP_TUNNEL.rawValue, "tunnel"),
        (EGRESS_DROP_PROBE.rawValue, "probe"),
        (EGRESS_DROP_INTERNAL.rawValue, "internal"),
        (EGRESS_DROP_NOT_ANNOUNCED.rawValue, "not_announced"),
        (EGRESS_DROP_TOO_BIG.rawValue, "too_big"),
    ]

    static let counts: [(number: UInt32, name: String)] = [
        (EGRESS_COUNT_TUNNELLED.rawValue, "tunnelled"),
        (EGRESS_COUNT_TRANSLATED.rawValue, "translated"),
        (EGRESS_COUNT_REVERSED.rawValue, "reversed"),
        (EGRESS_COUNT_DELIVERED.rawValue, "delivered"),
        (EGRESS_COUNT_EXCLUDED.rawValue, "excluded"),
        (EGRESS_COUNT_INBOUND.rawValue, "inbound"),
        (EGRESS_COUNT_BYPASSED.rawValue, "bypassed"),
        (EGRESS_COUNT_UNRECORDED.rawValue, "unrecorded"),
    ]
}
