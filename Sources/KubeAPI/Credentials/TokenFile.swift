import EgressPorts

/// A file with a bearer token that somebody else renews (client-go's `cachingTokenSource`).
///
/// What was read counts for a minute, less ten seconds. A file that can't be read or is empty for a moment leaves the
/// last token in place.
struct TokenFile {
    private let path: String
    private var token: String?
    /// On the clock of the caller, in seconds.
    private var validUntil: Double?

    private static let period = 60.0
    private static let leeway = 10.0

    init(path: String) { self.path = path }

    mutating func read(now: Double) throws(ClusterError) -> String {
        if let token, let validUntil, now < validUntil { return token }
        do throws(ClusterError) {
            let fresh = try Self.content(path)
            token = fresh
            validUntil = now + Self.period - Self.leeway
            return fresh
        } catch {
            guard let token else { throw error }
            return token
        }
    }

    /// The next request reads the file again, whatever its age.
    mutating func invalidate() { validUntil = nil }

    private static func content(_ path: String) throws(ClusterError) -> String {
        let text = String(decoding: try LocalFile.content(path), as: UTF8.self).trimmed
        guard !text.isEmpty else { throw ClusterError("read empty token from \"\(path)\"") }
        try HeaderText.check(text, of: "Authorization")
        return text
    }
}
