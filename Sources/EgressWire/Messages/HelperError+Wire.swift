public import EgressPlan
public import JSONText

extension HelperError: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(
            code: try reader.required("code").string(), message: try reader.required("message").string(),
            hint: try reader.optional("hint")?.string())
    }

    public var wire: JSONValue {
        ["code": .string(code), "message": .string(message), "hint": hint.map { .string($0) } ?? .null]
    }
}

extension HelperError {
    /// A field of a request is not as it must be; nothing was done.
    public static func badRequest(_ error: JSONFieldError) -> HelperError {
        HelperError(code: "bad_request", message: "\(error)", hint: "docs/protocol has the schema of every message")
    }

    static func brokenLine(_ error: JSONError) -> HelperError {
        HelperError(
            code: "bad_request", message: "the line is not JSON: \(error)", hint: "send one JSON object a line, in UTF-8; connect again")
    }

    public static func lineTooLong(limit: Int) -> HelperError {
        HelperError(
            code: "bad_request", message: "a line is longer than \(limit) bytes",
            hint: "plan.apply may have \(WireLimits.planLine) bytes, every other request \(WireLimits.line); connect again")
    }

    public static func unknownMethod(_ method: String) -> HelperError {
        HelperError(
            code: "unknown_method", message: "this helper has no method \"\(method)\"",
            hint: "it has \(HelperMethod.allCases.map(\.rawValue).joined(separator: ", "))")
    }

    static func brokenAnswer(_ reason: String) -> HelperError {
        HelperError(
            code: "bad_answer", message: "the helper sent something that is not its protocol: \(reason)",
            hint: "compare `kubectl egress version` with `egress-helper version`")
    }
}
