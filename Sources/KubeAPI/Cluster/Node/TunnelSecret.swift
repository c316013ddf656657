import EgressPorts
import JSONText
import Logging
import Synchronization

/// The Secret `kubectl-egress/tunnel-token` (``TunnelTokenText``). Its content appears in no message.
final class TunnelSecret: Sendable {
    private let client: KubeClient
    private let log: Logger
    /// Called when the tokens changed.
    private let changed: @Sendable () -> Void
    private let state = Mutex(State())

    private struct State {
        var tokens: [[UInt8]]?
        var watch: Task<Void, Never>?
        var isEnded = false
    }

    private static let path = ResourcePath.secrets.inside(EgressObjects.namespace)
    private static let query = ListQuery(fieldSelector: "metadata.name=\(EgressObjects.tokenSecret)")

    init(client: KubeClient, log: Logger, changed: @escaping @Sendable () -> Void) {
        self.client = client
        self.log = log
        self.changed = changed
    }

    deinit { end() }

    func end() {
        state.withLock { state in
            state.isEnded = true
            return state.watch
        }?.cancel()
    }

    /// From memory after the first time; from then on the Secret is followed.
    func tokens() async throws -> [[UInt8]] {
        if let tokens = state.withLock({ $0.tokens }) { return tokens }
        let tokens: [[UInt8]]
        do throws(APIError) {
            tokens = try Self.parse(try await readOrCreate())
        } catch {
            throw error.clusterError()
        }
        let secret: @Sendable () -> TunnelSecret? = { [weak self] in self }
        state.withLock { state in
            state.tokens = tokens
            guard state.watch == nil, !state.isEnded else { return }
            state.watch = Task { [client] in await Self.follow(client, secret) }
        }
        return tokens
    }

    /// Agents that start together agree: the first one's Secret stays.
    private func readOrCreate() async throws(APIError) -> JSONValue {
        let path = Self.path.named(EgressObjects.tokenSecret)
        do throws(APIError) {
            return try await client.get(path)
        } catch {
            guard error.isNotFound else { throw error }
        }
        do throws(APIError) {
            return try await client.create(Self.path, Self.newSecret(), dryRun: false)
        } catch {
            guard error.status == 409 else { throw error }
            return try await client.get(path)
        }
    }

    private static func newSecret() -> JSONValue {
        [
            "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
            "metadata": ["name": .string(EgressObjects.tokenSecret), "namespace": .string(EgressObjects.namespace)],
            "stringData": [EgressObjects.tokenKey: .string(TunnelTokenText.new())],
        ]
    }

    private static func parse(_ secret: JSONValue) throws(APIError) -> [[UInt8]] {
        let text = secret["data"]?[EgressObjects.tokenKey]?.stringValue.flatMap { try? Base64.decode($0) } ?? []
        guard let tokens = TunnelTokenText.parse(text) else {
            throw APIError(
                kind: .malformed,
                message:
                    "secret/\(EgressObjects.namespace)/\(EgressObjects.tokenSecret) holds no tokens under \"\(EgressObjects.tokenKey)\": "
                    + "\(TunnelTokenText.form) are expected")
        }
        return tokens
    }
}

extension TunnelSecret {
    private static func follow(_ client: KubeClient, _ secret: @escaping @Sendable () -> TunnelSecret?) async {
        var backOff = BackOff()
        var version: String?
        while !Task.isCancelled, secret() != nil {
            do {
                var from = version ?? ""
                if from.isEmpty {
                    from = try await client.list(path, query, restart: {}) { page in
                        for object in page.items { secret()?.take(object) }
                    }
                }
                version = from
                for try await event in client.watch(path, query, from: from) {
                    backOff.reset()
                    switch event {
                    case .added(let object), .modified(let object):
                        secret()?.take(object)
                        version = object["metadata"]?["resourceVersion"]?.stringValue ?? version
                    // What is in use goes on: a tunnel without a token would carry nothing. The next start makes a new one.
                    case .deleted(let object): version = object["metadata"]?["resourceVersion"]?.stringValue ?? version
                    case .bookmark(let seen): version = seen
                    }
                }
            } catch {
                if APIError(reading: error).isExpired { version = nil }
            }
            guard await Task.waited(backOff.wait()) else { return }
        }
    }

    /// A Secret that can't be read as tokens changes nothing: the last good ones count.
    private func take(_ object: JSONValue) {
        do throws(APIError) {
            let tokens = try Self.parse(object)
            let isNew = state.withLock { state in
                defer { state.tokens = tokens }
                return state.tokens != tokens
            }
            if isNew { changed() }
        } catch {
            log.error("\(error.message); the last good ones stay in use")
        }
    }
}
