public import EgressPorts
public import EgressWire
public import Logging
import NIOCore
import NIOPosix
public import ServiceLifecycle

/// What one server takes on before it says `busy`.
public struct HelperServerLimits: Sendable {
    public var connections = 256
    /// Of one connection.
    public var requestsInFlight = 64
    /// Answers that one connection has not read yet, in bytes.
    public var pendingBytes = 8 << 20
    /// Events that one stream keeps for a slow reader.
    public var queuedEvents = 16
    /// The same for connections' events, which come in bursts.
    public var queuedFlows = 1024

    public init() {}
}

/// The helper's end of the socket: accepts, checks who is there, answers.
///
/// Ends with a graceful shutdown: it stops listening, answers what was asked, ends streams, and then returns.
public struct HelperServer: Service, CustomStringConvertible {
    let listener: HelperListener
    let helper: any HelperCalling
    let hello: HelperHello
    let agentUID: UInt32?
    let limits: HelperServerLimits
    let logger: Logger

    public init(
        listener: HelperListener, helper: any HelperCalling, hello: HelperHello, agentUID: UInt32? = nil,
        limits: HelperServerLimits = HelperServerLimits(), logger: Logger
    ) {
        self.listener = listener
        self.helper = helper
        self.hello = hello
        self.agentUID = agentUID
        self.limits = limits
        self.logger = logger
    }

    public var description: String { "the socket \(listener.path)" }

    public func run() async throws {
        defer { listener.end() }
        let waiting = AcceptedConnections()
        let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.backlog, value: HelperListener.backlog)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .bind(listener.descriptor) { channel in
                channel.eventLoop.makeCompletedFuture { try waiting.accept(channel) }
            }
        logger.info("listening", metadata: ["socket": "\(listener.path)"])
        await withDiscardingTaskGroup { group in
            let open = OpenConnections(limit: limits.connections)
            do {
                try await server.executeThenClose { accepted in
                    for try await connection in accepted.cancelOnGracefulShutdown() {
                        waiting.take(connection)
                        group.addTask { await serve(connection, open) }
                    }
                }
            } catch {
                logger.error("listening ended", metadata: ["socket": "\(listener.path)", "error": "\(error)"])
            }
            await waiting.turnAway()
        }
    }

    private func serve(_ accepted: AcceptedConnection, _ open: OpenConnections) async {
        var logger = logger
        logger[metadataKey: "peer"] = accepted.peer.map { "uid \($0.uid), pid \($0.pid)" } ?? "unknown"
        let connection = HelperConnection(
            channel: accepted.channel, access: PeerAccess(accepted.peer, agentUID: agentUID, group: listener.group), server: self,
            logger: logger)
        guard open.enter() else {
            logger.warning("too many connections", metadata: ["limit": "\(limits.connections)"])
            return await connection.refuse(.busy("\(limits.connections) connections are open"))
        }
        defer { open.leave() }
        await connection.serve()
    }
}
