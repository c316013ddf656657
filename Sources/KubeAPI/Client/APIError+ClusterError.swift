import EgressModel
import EgressPorts

extension APIError {
    /// The same for the ports, in kubectl's words.
    ///
    /// - Parameters:
    ///   - object: what was being changed, for conflicts.
    ///   - hint: what to do next, where the error itself doesn't know.
    func clusterError(about object: ObjectReference? = nil, hint: String? = nil) -> ClusterError {
        let (message, voice) = words
        return ClusterError(message, voice: voice, conflicts: object.map(conflicts) ?? [], hint: self.hint ?? hint)
    }

    private var words: (String, ClusterError.Voice) {
        guard let status else { return (message, isVerbatim ? .verbatim : .ours) }
        let reason = reason.isEmpty ? Self.reason(of: status) : reason
        if reason == "Unauthorized" { return ("You must be logged in to the server (Unauthorized)", .ours) }
        if reason == "Invalid" { return (invalid, .verbatim) }
        // kubectl speaks of conflicts between managers itself.
        if causes.contains(where: \.isManagerConflict) { return (message, .ours) }
        return ("Error from server\(reason.isEmpty ? "" : " (\(reason))"): \(message)", .verbatim)
    }

    /// `The CiliumEgressGatewayPolicy "db" is invalid: ` and a line for each field.
    private var invalid: String {
        var seen: Set<String> = []
        let lines = causes.map { $0.field.isEmpty ? $0.message : "\($0.field): \($0.message)" }.filter { seen.insert($0).inserted }
        let what = kindName.isEmpty && objectName.isEmpty ? "The request is invalid" : "The \(kindName) \"\(objectName)\" is invalid"
        switch lines.count {
        case 0: return "\(what): \(message)"
        case 1: return "\(what): \(lines[0])"
        default: return "\(what): \n" + lines.map { "* \($0)" }.joined(separator: "\n")
        }
    }

    private func conflicts(of object: ObjectReference) -> [FieldConflict] {
        causes.filter(\.isManagerConflict).map { FieldConflict(object: object, field: $0.field, manager: $0.manager) }
    }

    /// What client-go calls an answer that names no reason.
    private static func reason(of status: Int) -> String {
        switch status {
        case 400: "BadRequest"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "NotFound"
        case 405: "MethodNotAllowed"
        case 406: "NotAcceptable"
        case 409: "Conflict"
        case 410: "Gone"
        case 413: "RequestEntityTooLarge"
        case 415: "UnsupportedMediaType"
        case 422: "Invalid"
        case 429: "TooManyRequests"
        case 503: "ServiceUnavailable"
        case 504: "Timeout"
        case 500...: "InternalError"
        default: ""
        }
    }
}

extension APIError.Cause {
    var isManagerConflict: Bool { reason == "FieldManagerConflict" }

    /// Of `conflict with "argocd" using apps/v1 at 2026-01-01T00:00:00Z`: the name, which Go quoted.
    var manager: String {
        guard let open = message.firstIndex(of: "\"") else { return "" }
        var name = ""
        var rest = message[message.index(after: open)...]
        while let next = rest.popFirst(), next != "\"" {
            if next == "\\", let escaped = rest.popFirst() { name.append(escaped) } else { name.append(next) }
        }
        return name
    }
}
