public import EgressPlan
public import EgressPorts
public import EgressWire
import JSONText
import NIOCore
import NIOPosix

/// A connection to a node's helper. It doesn't connect again by itself: after `unreachable`, make a new one.
public final class HelperClient: HelperCalling {
    public let hello: HelperHello
    public let path: String
    let channel: any Channel
    let calls: PendingCalls

    /// How long a request may take, in seconds.
    let patience: Int64
    /// A whole plan on a busy node takes longer than a question.
    static let applyFactor: Int64 = 8

    private init(hello: HelperHello, path: String, patience: Int64, channel: any Channel, calls: PendingCalls) {
        self.hello = hello
        self.patience = patience
        self.path = path
        self.channel = channel
        self.calls = calls
    }

    deinit {
        channel.close(promise: nil)
    }

    /// Connects and reads who is there. Throws ``HelperError``, `unreachable` with the path and what to do.
    ///
    /// - Parameters:
    ///   - seconds: for connecting and the hello.
    ///   - patience: for each request, in seconds; a plan has eight times as long.
    public static func connect(
        path: String = HelperSocketPath.standard, seconds: Int64 = 5, patience: Int64 = 15
    ) async throws -> HelperClient {
        try withSocketAddress(path) { _, _ in }
        let group = MultiThreadedEventLoopGroup.singleton
        let calls = PendingCalls(hello: group.next().makePromise(of: HelperHello.self))
        let channel: any Channel
        do {
            channel = try await ClientBootstrap(group: group).connectTimeout(.seconds(seconds)).channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(HelperClientHandler(calls: calls, path: path))
                }
            }.connect(unixDomainSocketPath: path).get()
        } catch {
            let failure = HelperError.unreachable(path, error)
            calls.failAll(failure)
            throw failure
        }
        let timeout = channel.eventLoop.scheduleTask(in: .seconds(seconds)) { calls.failAll(.silent(path, seconds: seconds)) }
        defer { timeout.cancel() }
        do {
            let hello = try await calls.hello.futureResult.get()
            return HelperClient(hello: hello, path: path, patience: patience, channel: channel, calls: calls)
        } catch {
            channel.close(promise: nil)
            throw error
        }
    }

    public func close() async {
        channel.close(promise: nil)
        _ = try? await channel.closeFuture.get()
    }

    public func status() async throws -> HelperStatus { try await call(.status) }
    public func facts() async throws -> HostFacts { try await call(.facts) }
    public func state() async throws -> DatapathState { try await call(.state) }

    public func plugins() async throws -> [PluginStatus] {
        let list: PluginList = try await call(.plugins)
        return list.plugins
    }

    public func plan() async throws -> (revision: UInt64, plan: NodePlan)? {
        let answer: PlanInForce = try await call(.plan)
        return answer.plan.map { (answer.revision, $0) }
    }

    public func apply(_ plan: NodePlan, revision: UInt64) async throws -> PlanApplied {
        try await call(.applyPlan, params: PlanRequest(revision: revision, plan: plan).wire, seconds: patience * Self.applyFactor)
    }

    public func resolve(strategy: String, requestJSON: String) async throws -> PluginAnswer {
        let request: JSONValue
        do {
            request = try JSONValue(parsing: requestJSON)
        } catch {
            throw HelperError(code: "bad_request", message: "the request to the module is not JSON: \(error)")
        }
        return try await call(.resolve, params: ResolveRequest(strategy: strategy, request: request).wire)
    }

    public func factsChanges() async throws -> AsyncThrowingStream<HostFacts, any Error> {
        // Facts are whole each time, so only the newest matter.
        try stream(.watchFacts, keeping: 1) { reader, _ in try FactsEvent(wire: reader).facts }
    }

    /// Asks and reads the answer. Throws what the helper says, `timeout`, or `unreachable` when the connection ends.
    func call<Answer: WireValue>(_ method: HelperMethod, params: JSONValue = [:], seconds: Int64? = nil) async throws -> Answer {
        let promise = channel.eventLoop.makePromise(of: JSONValue.self)
        let id: Int64
        do {
            id = try calls.add(promise)
        } catch {
            promise.fail(error)
            throw error
        }
        let (calls, path, seconds) = (calls, path, seconds ?? patience)
        let timeout = channel.eventLoop.scheduleTask(in: .seconds(seconds)) {
            calls.fail(id, HelperError.late(method, path, seconds: seconds))
        }
        defer { timeout.cancel() }
        channel.writeAndFlush(ByteBuffer(bytes: HelperRequest(id: id, method, params: params).line), promise: nil)
        let answer = try await withTaskCancellationHandler {
            try await promise.futureResult.get()
        } onCancel: {
            calls.fail(id, CancellationError())
        }
        do {
            return try Answer(wire: JSONReader(answer, path: JSONPath([.key("result")])))
        } catch {
            throw HelperError.badAnswer("\(error)")
        }
    }
}
