import ArgumentParser
import EgressModel
import EgressPlan
import EgressPorts

struct ObserveCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "observe",
        abstract: "Show connections as they open and close and packets as they are dropped, with pod, policy, address and port.",
        discussion: """
            # What happens on this node in the next ten seconds, run on it
            kubectl egress observe

            # One pod's, on every node, until interrupted
            kubectl egress observe -f --pod mediabot --socket '/run/{node}.sock'

            # Only drops, with their reasons; one JSON object a line
            kubectl egress observe -f --kind dropped -o json
            """)

    @OptionGroup(title: GlobalOptions.sectionTitle) var global: GlobalOptions
    @OptionGroup var which: ConnectionOptions
    @Option(help: "Only opened, closed or dropped; may be given several times.", completion: .list(FlowEvent.Kind.allCases.map(\.rawValue)))
    var kind: [String] = []
    @Option(name: .shortAndLong, help: ArgumentHelp("Go on until interrupted.", valueName: "[=true]")) var follow: Bool = false
    @Option(name: .customLong("for"), help: "How long to watch: 1s, 2m, 3h; 10s without this and without -f.") var duration: String?
    @Option(help: "End after so many.") var count: Int?
    @Option(
        name: .shortAndLong, help: OutputFormat.help(.json, .yaml, .wide),
        completion: OutputFormat.completion(.json, .yaml, .wide))
    var output: String?

    func run(in environment: CommandEnvironment) async throws -> Int32 {
        let format = try OutputFormat(output, allowed: [.json, .yaml, .wide])
        let limit = try patience()
        if let count, count < 1 { throw CommandError("--count \(count): must be 1 or more") }
        if follow, ![.table, .wide, .json].contains(format) {
            throw CommandError("-f prints lines as they come: -o json or -o wide go with it, -o \(output ?? "") doesn't")
        }
        let kinds = try kind.map { word throws(CommandError) in
            guard let known = FlowEvent.Kind(rawValue: word) else {
                throw CommandError("--kind \(plainText(word)): is none of opened, closed, dropped")
            }
            return known
        }
        let helpers = try await environment.nodeHelpers(global, node: which.node)
        var query = FlowQuery(filter: try which.filter(global, helpers))
        if !kinds.isEmpty { query.kinds = Set(kinds) }
        let watch = FlowWatch(helpers: helpers, query: query, seconds: limit, count: count)
        let printer = FlowPrinter(helpers: helpers, format: format, isFollowing: follow, environment: environment)
        for finding in helpers.findings { environment.standardError(findingText(finding, width: 80)) }
        return try await watch.run(printer, clock: environment.clock)
    }

    /// Seconds; `nil`: until interrupted.
    private func patience() throws(CommandError) -> Double? {
        guard let duration else { return follow ? nil : 10 }
        guard let seconds = seconds(fromDuration: duration), seconds > 0 else {
            throw CommandError("--for \(plainText(duration)): is not a time such as 30s or 5m")
        }
        return seconds
    }
}
