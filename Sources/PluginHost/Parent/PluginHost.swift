// SPDX-License-Identifier: Apache-2.0
public import EgressPlan
public import EgressPorts
import JSONText
public import Logging
import Synchronization

/// The modules of some folders, each in a process of its own: what a module does wrong costs its own answers only.
///
/// A module is a file `*.so` that root alone can write, in folders that root alone can write. Processes start when they
/// are first needed, again after the file changed, and after failures later each time.
public actor PluginHost: StrategyProviding {
    private let launcher: [String]
    private let folders: [String]
    private let patience: PluginPatience
    private let logger: Logger
    private var modules: [String: PluginModule] = [:]
    /// Path of the module that answers to a name.
    private var names: [String: String] = [:]
    /// What modules weren't told yet.
    private let facts = Mutex<String?>(nil)

    /// - Parameters:
    ///   - executable: absolute path of `egress-helper`; called as `egress-helper plugin-host MODULE`.
    ///   - folders: absolute paths; one that isn't there has no modules.
    public init(
        executable: String, folders: [String], patience: PluginPatience = PluginPatience(), logger: Logger = Logger(label: "plugins")
    ) {
        self.launcher = [executable]
        self.folders = folders
        self.patience = patience
        self.logger = logger
    }

    /// Every module, by path; starts those that aren't running and may be. Waits for none longer than ``PluginPatience/look``:
    /// of one that is busy it says what is known.
    public func list() async -> [PluginStatus] {
        let statuses = await refresh { _ in true }
        return statuses.map { status in
            guard status.isHealthy, let owner = names[status.name], owner != status.module else { return status }
            var status = status
            status.isHealthy = false
            status.reason = "another module has the name \(status.name): \(owner)"
            return status
        }
    }

    /// Asks the module of that name; `requestJSON` is the request of `egress_plugin.h`, with the module's `config`.
    ///
    /// Throws ``HelperError``: `not_found`, `bad_request`, and the module's `plugin_refused` (its configuration will never
    /// do), `plugin_no_address`, `plugin_retry` and `plugin_failed`.
    public func resolve(strategy: String, requestJSON: String) async throws -> PluginAnswer {
        let request = try Self.checked(requestJSON)
        passFacts()
        let config = (request["config"] ?? [:]).text(sorted: true)
        let text = request.text()
        // Twice, since a file may be another module than before.
        for isAgain in [false, true] {
            if isAgain || names[strategy] == nil { _ = await refresh { $0.contains { $0.name == strategy && $0.isHealthy } } }
            guard let path = names[strategy], let module = modules[path] else { continue }
            if let answer = try await module.resolve(as: strategy, config: config, request: text) {
                return try PluginAnswer(module: strategy, version: answer.version, answer: answer.text)
            }
        }
        throw HelperError(
            code: "not_found", message: "no module has the name \(printable(strategy))",
            hint: "modules are *.so in \(folders.joined(separator: ", ")); `plugins.list` says which there are")
    }

    /// Tells every running module that something on the node changed; `json` has the request's `interfaces` and `defaultRoute`.
    public nonisolated func factsChanged(_ json: String) {
        guard json.utf8.count <= Exchange.longestRequest else {
            logger.warning("modules aren't told of a change: the node's interfaces are more than \(Exchange.longestRequest) bytes of text")
            return
        }
        let isAlone = facts.withLock { facts in
            defer { facts = json }
            return facts == nil
        }
        if isAlone { Task { await passFacts() } }
    }

    private func passFacts() {
        guard let json = facts.withLock({ $0.take() }) else { return }
        for module in modules.values { module.tell(facts: json) }
    }

    private static func checked(_ request: String) throws(HelperError) -> JSONValue {
        do throws(JSONError) {
            let value = try JSONValue(parsing: request, limits: JSONLimits(bytes: Exchange.longestRequest))
            if value.objectValue != nil { return value }
        } catch {
            throw HelperError(code: "bad_request", message: "the request to a module is not JSON: \(error)")
        }
        throw HelperError(code: "bad_request", message: "the request to a module must be an object")
    }

    /// Looks at the folders, and asks all modules at once who they are. After ``PluginPatience/look`` those that didn't
    /// say are waited for only until the others are `enough`.
    private func refresh(until enough: @Sendable ([PluginStatus]) -> Bool) async -> [PluginStatus] {
        let paths = Set(folders.flatMap { folder in ModuleFile.names(in: folder).map { "\(folder)/\($0)" } })
        for path in modules.keys where !paths.contains(path) { modules[path] = nil }
        for path in paths where modules[path] == nil { modules[path] = module(path) }
        let asked = Array(modules.values)
        let fresh = await StatusRound.statuses(of: asked, within: patience.look, until: enough)
        let sorted = asked.map { fresh[$0.path] ?? $0.lastStatus }.sorted { $0.module < $1.module }
        // One that isn't healthy keeps its name, so that its error is heard, but takes none from one that is.
        let candidates = sorted.filter(\.isHealthy) + sorted.filter { !$0.isHealthy }
        names = Dictionary(candidates.map { ($0.name, $0.module) }) { first, _ in first }
        return sorted
    }

    private func module(_ path: String) -> PluginModule {
        let logger = logger
        return PluginModule(path: path, launcher: launcher, patience: patience) { level, line in
            logger.log(level: Logger.Level(syslog: level), "\(line)", metadata: ["module": "\(path)"])
        }
    }
}

extension Logger.Level {
    fileprivate init(syslog level: Int) {
        switch level {
        case ...3: self = .error
        case 4: self = .warning
        case 5, 6: self = .info
        default: self = .debug
        }
    }
}
