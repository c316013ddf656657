import JSONText

/// What is asked of the API, before server and credentials come to it.
struct APIRequest: Sendable {
    var method = "GET"
    var path: String
    var query: [(name: String, value: String)] = []
    var accept = plainJSON
    var contentType: String?
    var body: JSONValue?
    /// False for what has an effect each time it is sent.
    var isRepeatable = true
    /// Seconds instead of the client's own timeout: a watch ends by the server's `timeoutSeconds`.
    var ownDeadline: Double?

    static let plainJSON = "application/json"

    /// A request for an object, or one that changes it.
    init(_ method: String = "GET", _ path: String) {
        self.method = method
        self.path = path
    }

    /// Path and query as sent; `timeout` is the client's, in seconds.
    func target(timeout: Double) -> String {
        var pairs = query
        if ownDeadline == nil, timeout > 0 { pairs.append(("timeout", Self.duration(timeout))) }
        let text = pairs.map { "\(percentEncoded($0.name))=\(percentEncoded($0.value))" }.joined(separator: "&")
        if text.isEmpty { return path }
        return path + (path.contains("?") ? "&" : "?") + text
    }

    /// As Go's `time.ParseDuration` reads it.
    static func duration(_ seconds: Double) -> String {
        let milliseconds = Int(max(1, min(seconds * 1000, 1e12)))
        return milliseconds % 1000 == 0 ? "\(milliseconds / 1000)s" : "\(milliseconds)ms"
    }
}
