import EgressModel
import EgressPlan
import EgressPolicy
import JSONText
import Synchronization

/// Prints events: lines as they come, or one object when all have.
final class FlowPrinter: Sendable {
    private struct State {
        var shown: [FlowReport.Line] = []
        var lost: UInt64 = 0
        var codes: Set<ReasonCode> = []
        var table: FlowTable
        var isEmpty = true
    }

    private let helpers: NodeHelpers
    private let format: OutputFormat
    private let isFollowing: Bool
    private let environment: CommandEnvironment
    private let state: Mutex<State>

    init(helpers: NodeHelpers, format: OutputFormat, isFollowing: Bool, environment: CommandEnvironment) {
        self.helpers = helpers
        self.format = format
        self.isFollowing = isFollowing
        self.environment = environment
        let width = environment.terminal.isOutput ? environment.terminal.width : nil
        state = Mutex(State(table: FlowTable(isWide: format == .wide, width: width)))
    }

    private var isTable: Bool { format == .table || format == .wide }
    /// Lines as they come, not one object at the end.
    private var isStreaming: Bool { isTable || isFollowing }

    /// Whether it was an event.
    func show(_ news: FlowNews, of node: String) -> Bool {
        state.withLock { state in
            state.lost &+= news.lost
            if news.lost > 0, isTable { environment.note("note: \(news.lost) events of \(node) were lost: too many at once") }
            guard let event = news.event else {
                if isStreaming { environment.note("note: watching \(node)") }
                return false
            }
            let line = FlowReport.Line(event: event, node: node, pod: helpers.reference(of: event.pod, event.source), lost: news.lost)
            if isStreaming { write(line, &state) } else { state.shown.append(line) }
            explain(event, &state)
            return true
        }
    }

    private func write(_ line: FlowReport.Line, _ state: inout State) {
        guard isTable else { return environment.standardOutput(line.json.text() + "\n") }
        environment.standardOutput(state.table.lines(line.cells(isWide: state.table.isWide)))
        state.isEmpty = false
    }

    /// What a code means, when it is seen first.
    private func explain(_ event: FlowEvent, _ state: inout State) {
        guard isTable, let code = event.code, state.codes.insert(code).inserted else { return }
        guard let advice = CodeAdvice(code: code) else { return environment.note("\(code): a reason that this version doesn't know") }
        environment.note(
            wrapped("\(advice.title). \(advice.fix ?? "") More: kubectl egress explain code \(code)", first: "\(code): ").joined(
                separator: "\n"))
    }

    func tellEnd(of node: String, _ error: (any Error)?) {
        if error is CancellationError { return }
        let reason = error.map { ($0 as? HelperError)?.message ?? "\($0)" } ?? "its helper ended the stream"
        environment.note("note: nothing more comes of \(node): \(reason)")
    }

    func end() throws(CommandError) {
        let (lines, lost, isEmpty) = state.withLock { ($0.shown, $0.lost, $0.isEmpty) }
        if !isStreaming {
            try environment.render(FlowReport(lines: lines, lost: lost, findings: helpers.findings), as: format)
        } else if isTable, isEmpty {
            environment.note("Nothing happened.")
        }
    }
}
