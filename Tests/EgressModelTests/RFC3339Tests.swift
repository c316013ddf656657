import EgressModel
import Testing

@Suite struct RFC3339Tests {
    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2030-01-01T00:00:00Z", 1_893_456_000), ("2024-02-29T12:00:00.25+01:30", 1_709_202_600),
            ("2026-11-22T23:59:59-05:00", 1_795_409_999), ("2026-11-22T10:00:00.000000Z", 1_795_341_600), ("2030-01-01", nil),
            ("2030-13-01T00:00:00Z", nil), ("2030-01-01T00:00:60Z", nil), ("2030-01-01T00:00:00.Z", nil),
            ("2030-01-01T00:00:00+24:00", nil),
            ("2030-01-01t00:00:00z", nil), ("", nil), ("2030-01-01T00:00:00", nil),
        ] as [(String, Int64?)])
    func `times are read as RFC 3339 has them`(_ text: String, _ expected: Int64?) {
        #expect(RFC3339.seconds(text) == expected)
    }
}
