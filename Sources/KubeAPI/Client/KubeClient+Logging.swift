import JSONText
import Logging

/// What `-v=6` (debug) and `-v=8` (trace) show. Headers never: `Authorization` is one.
extension KubeClient {
    func logHead(_ request: APIRequest, _ head: HTTPHead, since start: ContinuousClock.Instant) {
        let status = Self.statusWords[head.status].map { "\(head.status) \($0)" } ?? "\(head.status)"
        log.debug("\(line(request)) \(status) in \(Self.milliseconds(since: start)) milliseconds")
    }

    private static let statusWords = [
        200: "OK", 201: "Created", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 406: "Not Acceptable",
        409: "Conflict", 410: "Gone", 422: "Unprocessable Entity", 429: "Too Many Requests", 500: "Internal Server Error",
        502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout",
    ]

    func logFailure(_ request: APIRequest, _ failure: TransportFailure, since start: ContinuousClock.Instant) {
        log.debug("\(line(request)) failed in \(Self.milliseconds(since: start)) milliseconds: \(failure.message)")
    }

    /// A body without what is secret in it, cut where it gets long.
    func logBody(_ name: String, _ bytes: [UInt8]) {
        guard log.logLevel <= .trace else { return }
        log.trace("\(name): \(withoutSecrets(bytes))")
    }

    private func line(_ request: APIRequest) -> String {
        "\(request.method) \(address?.scheme ?? "")://\(address?.authority ?? "")\(address?.prefix ?? "")\(request.target(timeout: connection.requestTimeout))"
    }

    private static func milliseconds(since start: ContinuousClock.Instant) -> Int {
        let time = ContinuousClock.now - start
        return Int(time.components.seconds * 1000 + time.components.attoseconds / 1_000_000_000_000_000)
    }
}

/// A body as a log may show it.
func withoutSecrets(_ bytes: [UInt8], longest: Int = 10 << 10) -> String {
    guard bytes.count <= 4 << 20, let value = try? JSONValue(parsing: bytes, limits: JSONLimits(depth: 512)) else {
        let isText = bytes.count <= 200 && String(validating: bytes, as: UTF8.self) != nil
        return isText ? String(decoding: bytes, as: UTF8.self) : "[\(bytes.count) bytes]"
    }
    let text = redacted(value, isSecret: false).text()
    return text.utf8.count <= longest ? text : String(text.prefix(longest)) + " [truncated \(text.utf8.count - longest) bytes]"
}

/// Members that hold secrets in whatever object they stand.
private let secretMembers: Set<String> = ["token", "tokens", "bearerToken", "password", "clientKeyData", "clientCertificateData"]
/// Members of a Secret; the annotation holds the whole object as it was applied.
private let membersOfSecrets: Set<String> = ["data", "stringData", "kubectl.kubernetes.io/last-applied-configuration"]

private func redacted(_ value: JSONValue, isSecret: Bool) -> JSONValue {
    switch value {
    case .array(let elements):
        return .array(elements.map { redacted($0, isSecret: isSecret) })
    case .object(let object):
        let kind = object["kind"]?.stringValue ?? ""
        let isSecret = isSecret || kind == "Secret" || kind == "SecretList"
        return .object(
            JSONObject(
                object.members.map { member -> (String, JSONValue) in
                    let isHidden = secretMembers.contains(member.key) || (isSecret && membersOfSecrets.contains(member.key))
                    return (member.key, isHidden ? hidden(member.value) : redacted(member.value, isSecret: isSecret))
                }))
    default:
        return value
    }
}

/// Keeps the names, for who looks for a missing one.
private func hidden(_ value: JSONValue) -> JSONValue {
    guard case .object(let object) = value else { return value.isNull ? .null : "[redacted]" }
    return .object(JSONObject(object.members.map { ($0.key, hidden($0.value)) }))
}
