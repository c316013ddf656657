import EgressPlan
import EgressPorts
import EgressWire
import JSONText
import Logging
import NIOCore
import ServiceLifecycle

/// One client, from hello to the end.
///
/// Requests run beside one another and are answered as they finish; `plan.apply`s run one after the other, and nothing more
/// is read meanwhile. Each answer waits until the kernel has taken it, so a client that doesn't read holds up only itself.
struct HelperConnection: Sendable {
    let channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>
    let access: PeerAccess
    let server: HelperServer
    let logger: Logger
    private let load: ConnectionLoad
    let streams = OpenStreams()

    init(channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>, access: PeerAccess, server: HelperServer, logger: Logger) {
        self.channel = channel
        self.access = access
        self.server = server
        self.logger = logger
        load = ConnectionLoad(limits: server.limits)
    }

    func serve() async {
        guard access != .none else {
            logger.warning("refused a connection")
            return await refuse(
                .forbidden(
                    "this user may not talk to the helper",
                    hint: "run as root, as the agent's user, or in the group of \(server.listener.path)"))
        }
        await converse { inbound in
            try await write(.hello(server.hello))
            await withDiscardingTaskGroup { group in
                do {
                    try await read(inbound, &group)
                } catch {
                    logger.debug("connection ended", metadata: ["error": "\(error)"])
                }
                streams.endAll()
            }
        }
    }

    func refuse(_ error: HelperError) async {
        await converse { _ in try await write(.failure(id: nil, error)) }
    }

    /// Cancelling closes the channel at once, which fails every write that a client doesn't take.
    private func converse(_ body: (NIOAsyncChannelInboundStream<ByteBuffer>) async throws -> Void) async {
        do {
            try await withTaskCancellationHandler {
                try await channel.executeThenClose { inbound, _ in try await body(inbound) }
            } onCancel: {
                channel.channel.close(promise: nil)
            }
        } catch {
            logger.debug("connection ended", metadata: ["error": "\(error)"])
        }
    }

    private func read(_ inbound: NIOAsyncChannelInboundStream<ByteBuffer>, _ group: inout DiscardingTaskGroup) async throws {
        var lines = LineSplitter(limit: access == .change ? WireLimits.planLine : WireLimits.line)
        for try await chunk in inbound.cancelOnGracefulShutdown() {
            lines.append(chunk.readableBytesView)
            do {
                while let line = try lines.next() {
                    guard try await take(line, &group) else { return }
                }
            } catch let error as LineTooLong {
                return try await write(.failure(id: nil, .lineTooLong(limit: error.limit)))
            }
        }
    }

    /// False when the line costs the connection.
    private func take(_ line: [UInt8], _ group: inout DiscardingTaskGroup) async throws -> Bool {
        let request: HelperRequest
        do throws(HelperRequestFault) {
            request = try HelperRequest(line: line)
        } catch {
            if error.isAnswered { try await write(.failure(id: error.id, error.error)) }
            if error.endsConnection { logger.warning("broken line", metadata: ["error": "\(error.error.message)"]) }
            return !error.endsConnection
        }
        if let reason = load.begin() {
            try await answer(request, .failure(.busy(reason)))
        } else if request.method == HelperMethod.applyPlan.rawValue {
            await run(request)
        } else {
            group.addTask { await run(request) }
        }
        return true
    }

    private func run(_ request: HelperRequest) async {
        defer { load.end() }
        do {
            if let method = HelperMethod(rawValue: request.method), method.streams {
                try await stream(method, request)
            } else {
                try await answer(request, await result(request))
            }
        } catch {
            logger.debug("an answer could not be written", metadata: ["method": "\(request.method)", "error": "\(error)"])
        }
    }

    private func result(_ request: HelperRequest) async -> Result<JSONValue, HelperError> {
        do {
            guard let method = HelperMethod(rawValue: request.method) else { throw HelperError.unknownMethod(request.method) }
            guard !method.changes || access == .change else {
                throw HelperError.forbidden(
                    "\(request.method) is for root and the agent only", hint: "change the policy in the cluster; the agent applies it")
            }
            if method == .cancel { return .success(try cancel(request)) }
            return .success(try await server.helper.answer(method, params: JSONReader(request.params, path: JSONPath([.key("params")]))))
        } catch {
            return .failure(HelperError(any: error))
        }
    }

    private func cancel(_ request: HelperRequest) throws -> JSONValue {
        let id = try CancelRequest(wire: JSONReader(request.params, path: JSONPath([.key("params")]))).id
        guard streams.end(id) else {
            throw HelperError(code: "not_found", message: "no stream is open under id \(id)", hint: "it may have ended already")
        }
        return [:]
    }

    func answer(_ request: HelperRequest, _ result: Result<JSONValue, HelperError>) async throws {
        guard let id = request.id else { return }
        switch result {
        case .success(let value): try await write(.result(id: id, value))
        case .failure(let error): try await write(.failure(id: id, error))
        }
    }

    /// Returns when the kernel has the whole line.
    func write(_ reply: HelperReply) async throws {
        let line = reply.line
        load.willWrite(line.count)
        defer { load.didWrite(line.count) }
        try await channel.channel.writeAndFlush(ByteBuffer(bytes: line)).get()
    }
}
