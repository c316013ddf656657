import EgressPlan
import EgressWire
import JSONText
import NIOCore
import Synchronization

/// What a client waits for, by id. Answers come from the event loop, questions from anywhere.
final class PendingCalls: Sendable {
    /// Where the events of a stream go, whatever they are.
    struct Events: Sendable {
        /// Throws for an event that can't be understood.
        let take: @Sendable (JSONReader) throws -> Void
        let finish: @Sendable ((any Error)?) -> Void
    }

    private struct State {
        var nextID: Int64 = 1
        var answers: [Int64: EventLoopPromise<JSONValue>] = [:]
        var streams: [Int64: Events] = [:]
        /// Why no answer will come any more.
        var failure: HelperError?
    }

    private let state = Mutex(State())
    let hello: EventLoopPromise<HelperHello>

    init(hello: EventLoopPromise<HelperHello>) {
        self.hello = hello
    }

    func add(_ promise: EventLoopPromise<JSONValue>) throws -> Int64 {
        try state.withLock { state in
            if let failure = state.failure { throw failure }
            defer { state.nextID += 1 }
            state.answers[state.nextID] = promise
            return state.nextID
        }
    }

    func add(_ events: Events) throws -> Int64 {
        try state.withLock { state in
            if let failure = state.failure { throw failure }
            defer { state.nextID += 1 }
            state.streams[state.nextID] = events
            return state.nextID
        }
    }

    /// Stops waiting; an answer that still comes is ignored.
    func fail(_ id: Int64, _ error: any Error) {
        state.withLock { $0.answers.removeValue(forKey: id) }?.fail(error)
    }

    /// True when the stream was still open.
    func forget(_ id: Int64) -> Bool {
        state.withLock { $0.streams.removeValue(forKey: id) } != nil
    }

    func failAll(_ error: HelperError) {
        let (answers, streams) = state.withLock { state in
            state.failure = state.failure ?? error
            defer {
                state.answers = [:]
                state.streams = [:]
            }
            return (state.answers, state.streams)
        }
        hello.fail(error)
        for promise in answers.values { promise.fail(error) }
        for events in streams.values { events.finish(error) }
    }

    func deliver(_ reply: HelperReply) {
        switch reply {
        case .hello(let greeting): hello.succeed(greeting)
        case .result(let id, let value): state.withLock { $0.answers.removeValue(forKey: id) }?.succeed(value)
        case .failure(nil, let error): failAll(error)
        case .failure(let id?, let error):
            let (answer, stream) = state.withLock { ($0.answers.removeValue(forKey: id), $0.streams.removeValue(forKey: id)) }
            answer?.fail(error)
            stream?.finish(error)
        case .event(let id, let value): deliver(value, to: state.withLock { $0.streams[id] })
        case .end(let id): state.withLock { $0.streams.removeValue(forKey: id) }?.finish(nil)
        }
    }

    private func deliver(_ event: JSONValue, to stream: Events?) {
        guard let stream else { return }
        do {
            try stream.take(JSONReader(event, path: JSONPath([.key("event")])))
        } catch {
            stream.finish(HelperError.badAnswer("\(error)"))
        }
    }
}
