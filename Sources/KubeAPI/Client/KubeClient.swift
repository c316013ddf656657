import JSONText
import Logging

/// A client of one API server: requests, lists in chunks, watches.
///
/// All of a client's requests share its connections. It is closed when nobody holds it, or by `close`.
final class KubeClient: Sendable {
    let connection: APIConnection
    let transport = HTTPTransport()
    let warnings: WarningPrinter
    let roots: TrustedRoots
    let log: Logger
    /// `nil` when the connection's `server` isn't a URL; every request says so then.
    let address: ServerAddress?
    let proxy: String?

    /// - Parameter warn: takes the text of a `Warning:` header, each text once.
    init(_ connection: APIConnection, log: Logger, warn: @escaping @Sendable (String) -> Void) {
        self.connection = connection
        self.log = log
        warnings = WarningPrinter(warn)
        roots = TrustedRoots(connection.authority)
        address = ServerAddress(connection.server)
        proxy = address.flatMap { ProxyChoice.proxy(for: $0, configured: connection.proxy) }
    }

    var server: String { connection.server }
    var namespace: String { connection.namespace }

    /// Ends what is under way and closes the connections; later requests fail.
    func close() { transport.close() }
}
