import EgressPlan
import EgressPorts

/// The tunnel's tokens as they were read last: they change seldom, and a turn must not wait for an API server.
actor TunnelTokens {
    private let source: any TunnelSecretReading
    private var tokens: [TunnelToken]?

    init(source: any TunnelSecretReading) { self.source = source }

    /// What is known; the first time, what there is.
    func current() async throws -> [TunnelToken] {
        if let tokens { return tokens }
        return try await read()
    }

    /// Whether there are others now. While they can't be read, the known ones stay.
    func refresh() async -> Bool {
        let before = tokens
        guard let now = try? await read() else { return false }
        return now != before
    }

    private func read() async throws -> [TunnelToken] {
        let read = try await source.tunnelTokens().compactMap { TunnelToken(octets: $0) }
        tokens = read
        return read
    }
}
