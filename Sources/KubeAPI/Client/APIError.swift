import JSONText

/// What an API server, or the way to it, answered instead of what was asked.
struct APIError: Error, Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        /// An HTTP status, from the server.
        case status(Int)
        /// The connection: refused, reset, TLS, time.
        case transport
        /// A body that isn't what the API says it is.
        case malformed
    }

    struct Cause: Sendable, Hashable {
        var reason: String
        var message: String
        var field: String
    }

    var kind: Kind
    /// `Status.reason`: `NotFound`, `Forbidden`, `Conflict`, `Expired`, …; empty where there is none.
    var reason: String = ""
    /// The server's own sentence, or what failed.
    var message: String
    var causes: [Cause] = []
    /// `Status.details`: of which object the server speaks; empty where it doesn't say.
    var kindName: String = ""
    var objectName: String = ""
    /// Seconds, by the header or the Status.
    var retryAfter: Int?
    /// Where a 410 to a chunk says how to go on (`metadata.continue`).
    var replacementContinue: String?
    /// What a transport error is printed as: `The connection to the server 127.0.0.1:6443 was refused - …`.
    var isVerbatim = false
    /// What to do about it, where that is known.
    var hint: String?

    var status: Int? { if case .status(let status) = kind { status } else { nil } }
    var isNotFound: Bool { status == 404 }
    var isForbidden: Bool { status == 403 }
    var isUnauthorized: Bool { status == 401 }
    /// The version asked for is gone: list again (410, in an answer or in a watch's ERROR event).
    var isExpired: Bool { status == 410 || reason == "Expired" || reason == "Gone" }
    /// A 404 of the router rather than of an object: the group or its CRD isn't there.
    var isUnknownPath: Bool { isNotFound && reason.isEmpty }
}
