/// One request, with all that decides over which connection it may go.
struct HTTPRequest: Sendable {
    var method = "GET"
    /// Path and query, percent-encoded, without the server's prefix: `/api/v1/pods?limit=500`.
    var target: String
    var headers: [(name: String, value: String)] = []
    var body: [UInt8]?
    /// Seconds from now until the answer must be complete; 0: for ever.
    var deadline: Double = 0
    var route: HTTPRoute
    /// A client certificate and its key, PEM.
    var identity: (certificate: [UInt8], key: [UInt8])?
    var acceptsCompression = true
    var reading = BodyReading.whole(limit: 256 << 20)
}

/// How the body of an answer is taken in.
enum BodyReading: Sendable, Hashable {
    /// All at once when it is complete; an answer that is longer fails.
    case whole(limit: Int)
    /// As it comes. When so many bytes wait for their reader, the server has to wait too.
    case stream(window: Int)
}

/// The way to a server, and how it proves who it is.
struct HTTPRoute: Sendable, Hashable {
    var server: ServerAddress
    var authority: TrustedAuthority
    /// The name in SNI and certificate, instead of the host's.
    var tlsServerName: String?
    /// A URL; `nil` for none.
    var proxy: String?
    /// Seconds after which a peer that doesn't answer any more counts as gone. client-go: 30 s idle and 15 s for a ping.
    var livenessSeconds = 45
    /// Seconds until a connection must stand, its TLS included.
    var connectSeconds: Double = 30
}

/// Certificates that may sign the server's. There is no way here from missing bytes to no check at all.
enum TrustedAuthority: Sendable, Hashable {
    case system
    case pem([UInt8])
    case unchecked
}

/// Status and headers of an answer.
struct HTTPHead: Sendable, Hashable {
    var status: Int
    /// Names in lower case.
    var headers: [Header] = []

    struct Header: Sendable, Hashable {
        var name: String
        var value: String
    }

    /// The first of that name; the name in lower case.
    subscript(name: String) -> String? { headers.first { $0.name == name }?.value }

    func all(_ name: String) -> [String] { headers.filter { $0.name == name }.map(\.value) }
}

/// Why there is no answer, or only half of one.
struct TransportFailure: Error, Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        /// Nobody listens there.
        case refused
        /// The connection ended before the answer did.
        case reset
        case timedOut
        /// TLS: one of both sides doesn't accept the other.
        case untrusted
        /// The task was cancelled, or the client closed.
        case cancelled
        case tooLong
        case other
    }

    var kind: Kind
    /// In the words of Go's `net` and `crypto/tls`: `x509: certificate signed by unknown authority`.
    var message: String

    static let cancelled = TransportFailure(kind: .cancelled, message: "context canceled")
}
