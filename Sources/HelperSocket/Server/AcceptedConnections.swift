import NIOCore
import NIOPosix
import Synchronization

struct AcceptedConnection: Sendable {
    let channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>
    let peer: PeerCredentials?
}

/// Connections between `accept` and the task that serves them.
///
/// An asynchronous channel that nobody finishes ends the process, and a shutdown may leave some that nobody serves; they
/// are kept here and finished in the end. They can't be made later, by the task: what a quick client sent before would be lost.
final class AcceptedConnections: Sendable {
    private struct State {
        var waiting: [ObjectIdentifier: AcceptedConnection] = [:]
        var isClosed = false
    }

    private let state = Mutex(State())

    /// On the channel's event loop. Throws when the server is closing, which closes the channel.
    func accept(_ channel: any Channel) throws -> AcceptedConnection {
        let peer = try channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { socket in
            PeerCredentials(socket: socket)
        }
        return try state.withLock { state in
            guard !state.isClosed else { throw ChannelError.ioOnClosedChannel }
            let accepted = AcceptedConnection(channel: try NIOAsyncChannel(wrappingChannelSynchronously: channel), peer: peer ?? nil)
            state.waiting[ObjectIdentifier(channel)] = accepted
            return accepted
        }
    }

    func take(_ connection: AcceptedConnection) {
        state.withLock { $0.waiting[ObjectIdentifier(connection.channel.channel)] = nil }
    }

    func turnAway() async {
        let left = state.withLock { state in
            state.isClosed = true
            defer { state.waiting = [:] }
            return Array(state.waiting.values)
        }
        for connection in left { try? await connection.channel.executeThenClose { _, _ in } }
    }
}
