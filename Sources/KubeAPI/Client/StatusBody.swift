import JSONText

extension APIError {
    /// Reads an answer that isn't a success: a `Status` object, or whatever a proxy or router wrote.
    init(_ head: HTTPHead, _ bytes: [UInt8], _ request: APIRequest) {
        let value = try? JSONValue(parsing: bytes)
        if let value, value["kind"]?.stringValue == "Status" {
            self.init(status: value, code: head.status)
        } else {
            let text = String(decoding: bytes.prefix(1024), as: UTF8.self).split(whereSeparator: \.isNewline).joined(separator: " ")
            self.init(kind: .status(head.status), message: Self.sentence(for: head.status, text))
        }
        if let header = head["retry-after"].flatMap({ Int($0) }), header >= 0 { retryAfter = header }
    }

    /// A `Status`, of an answer or of an ERROR event; its own code counts where it has one.
    init(status: JSONValue, code: Int) {
        let details = status["details"]
        self.init(
            kind: .status(status["code"]?.integerValue(as: Int.self).flatMap { (100...599).contains($0) ? $0 : nil } ?? code),
            message: status["message"]?.stringValue ?? "")
        reason = status["reason"]?.stringValue ?? ""
        kindName = details?["kind"]?.stringValue ?? ""
        objectName = details?["name"]?.stringValue ?? ""
        causes = (details?["causes"]?.arrayValue ?? []).prefix(1000).map {
            Cause(
                reason: $0["reason"]?.stringValue ?? "", message: $0["message"]?.stringValue ?? "", field: $0["field"]?.stringValue ?? "")
        }
        if let seconds = details?["retryAfterSeconds"]?.integerValue(as: Int.self), seconds > 0 { retryAfter = seconds }
        if let next = status["metadata"]?["continue"]?.stringValue, !next.isEmpty { replacementContinue = next }
        if message.isEmpty { message = Self.sentence(for: self.status ?? code, "") }
    }

    /// client-go's sentences for answers that bring none of their own.
    static func sentence(for status: Int, _ body: String) -> String {
        switch status {
        case 400: "the server rejected our request for an unknown reason"
        case 401: "the server has asked for the client to provide credentials"
        case 403: body.isEmpty ? "the server does not allow access to the requested resource" : body
        case 404: "the server could not find the requested resource"
        case 405: "the server does not allow this method on the requested resource"
        case 406: "the server was unable to respond with a content type that the client supports"
        case 409: "the server reported a conflict"
        case 410: "the server no longer has the requested version"
        case 413: "Request entity too large: limit is what the server allows"
        case 415: "the body of the request was in an unknown format"
        case 422: "the server rejected our request due to an error in our request"
        case 429: "the server has received too many requests and has asked us to try again later"
        case 503: "the server is currently unable to handle the request"
        case 504: "the server was unable to return a response in the time allotted, but may still be processing the request"
        case 500...: "an error on the server (\"\(body.isEmpty ? "unknown" : body)\") has prevented the request from succeeding"
        case 300..<400: "the server answered with a redirect (\(status)), which is not followed: credentials would go elsewhere"
        default: "the server responded with the status code \(status) but did not return more information"
        }
    }
}
