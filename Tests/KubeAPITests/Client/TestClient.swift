import EgressPorts
import JSONText
import Logging
import Synchronization
import TestKit

@testable import KubeAPI

/// A credential that stays, and counts how often it was refused.
final class FixedCredential: CredentialProviding {
    private let value: Credential
    private let state = Mutex((asked: 0, rejected: 0))

    init(_ value: Credential = .none) { self.value = value }

    var asked: Int { state.withLock { $0.asked } }
    var rejected: Int { state.withLock { $0.rejected } }

    func credential() async throws -> Credential {
        state.withLock { $0.asked += 1 }
        return value
    }

    func wasRejected(_ credential: Credential) async { state.withLock { $0.rejected += 1 } }
}

/// Texts in their order, from whatever thread.
final class Heard: Sendable {
    private let state = Mutex<[String]>([])
    var texts: [String] { state.withLock { $0 } }
    func hear(_ text: String) { state.withLock { $0.append(text) } }
}

struct HeardLog: LogHandler {
    let heard: Heard
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }
    func log(event: LogEvent) { heard.hear("\(event.message)") }
}

extension APIConnection {
    static func test(
        _ server: String, _ authority: Authority = .unchecked, credentials: any CredentialProviding = FixedCredential()
    ) -> APIConnection {
        APIConnection(
            server: server, authority: authority, credentials: credentials, namespace: "default", userAgent: "kubectl-egress/test")
    }

    static func test(_ stub: StubServer, credentials: any CredentialProviding = FixedCredential()) throws -> APIConnection {
        .test(stub.url, .pem(try Certificates.pem("ca.crt")), credentials: credentials)
    }

    /// The admin of a real server, or another user whose certificate lies there.
    static func test(_ server: APIServer, _ user: String = "admin") throws -> APIConnection {
        let read = { (file: String) throws -> [UInt8] in
            guard let text = FileText.read("\(server.folder)/\(file)") else { throw TestKitError("\(file) isn't there") }
            return Array(text.utf8)
        }
        let credential = Credential(clientCertificate: try read("\(user).crt"), clientKey: try read("\(user).key"))
        return .test(server.url, .pem(try read("ca.crt")), credentials: FixedCredential(credential))
    }
}

extension KubeClient {
    convenience init(_ connection: APIConnection, verbosity: Logger.Level = .critical, log: Heard = Heard(), warnings: Heard = Heard()) {
        var logger = Logger(label: "test") { _ in HeardLog(heard: log, logLevel: verbosity) }
        logger.logLevel = verbosity
        self.init(connection, log: logger) { warnings.hear($0) }
    }

    /// All of a list's items.
    func items(_ collection: ResourcePath, _ query: ListQuery = ListQuery()) async throws -> [JSONValue] {
        var items: [JSONValue] = []
        _ = try await list(collection, query, restart: { items = [] }, page: { items += $0.items })
        return items
    }
}

/// What a request fails with, as it would be printed.
func printed(_ work: () async throws -> some Any) async -> String {
    do {
        _ = try await work()
        return "no error"
    } catch let error as APIError {
        let clusterError = error.clusterError()
        return (clusterError.voice == .ours ? "error: " : "") + clusterError.message
    } catch {
        return "\(error)"
    }
}

/// The error itself.
func apiError(_ work: () async throws -> some Any) async -> APIError? {
    do {
        _ = try await work()
        return nil
    } catch {
        return error as? APIError
    }
}
