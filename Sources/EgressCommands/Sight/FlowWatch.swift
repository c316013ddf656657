import EgressModel
import EgressPlan
import EgressPorts

/// Events of several nodes, as they come, until time or number is up.
struct FlowWatch: Sendable {
    let helpers: NodeHelpers
    let query: FlowQuery
    /// `nil`: no end.
    let seconds: Double?
    let count: Int?

    private enum Heard: Sendable {
        case news(node: String, FlowNews)
        case ended(node: String, (any Error)?)
    }

    /// Exit code 1 when a node's stream broke off.
    func run(_ printer: FlowPrinter, clock: any WallClock) async throws -> Int32 {
        let (heard, sink) = AsyncStream<Heard>.makeStream()
        let code = await withTaskGroup(of: Void.self) { group in
            for node in helpers.helpers {
                group.addTask { sink.yield(.ended(node: node.node, await listen(to: node, sink))) }
            }
            if let seconds {
                group.addTask {
                    try? await clock.sleep(seconds: seconds)
                    sink.finish()
                }
            }
            let code = await take(heard, printer)
            group.cancelAll()
            return code
        }
        try printer.end()
        return code
    }

    private func listen(to node: NodeHelper, _ sink: AsyncStream<Heard>.Continuation) async -> (any Error)? {
        do {
            for try await news in try await node.helper.flows(query) { sink.yield(.news(node: node.node, news)) }
            return nil
        } catch {
            return error
        }
    }

    private func take(_ heard: AsyncStream<Heard>, _ printer: FlowPrinter) async -> Int32 {
        var open = helpers.helpers.count
        var broken = false
        var shown = 0
        for await one in heard {
            switch one {
            case .news(let node, let news):
                shown += printer.show(news, of: node) ? 1 : 0
                if let count, shown >= count { return 0 }
            case .ended(let node, let error):
                open -= 1
                broken = broken || !(error is CancellationError)
                printer.tellEnd(of: node, error)
                if open == 0 { return broken ? 1 : 0 }
            }
        }
        return broken ? 1 : 0
    }
}
