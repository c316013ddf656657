// SPDX-License-Identifier: Apache-2.0
import EgressPlan
import JSONText

/// One module: its file, its process, and how often that had to be started.
///
/// Runs on an executor of its own and never suspends inside a call, so a process has one caller at a time.
actor PluginModule {
    nonisolated let path: String
    private let launcher: [String]
    private let patience: PluginPatience
    private let log: ModuleOutput.Log
    private let executor: BlockingExecutor

    private var file: ModuleFile?
    private var process: ModuleProcess?
    private var description: ModuleDescription?
    private var starts = 0
    private var failure: Failure?

    private struct Failure {
        var reason: String
        var count: Int
        var retryAt: ContinuousClock.Instant
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(path: String, launcher: [String], patience: PluginPatience, log: @escaping ModuleOutput.Log) {
        self.path = path
        self.launcher = launcher
        self.patience = patience
        self.log = log
        executor = BlockingExecutor(label: "plugin \(path)")
    }

    /// Starts the process where it isn't running and may be.
    func status() -> PluginStatus {
        var reason: String?
        do throws(HelperError) {
            try makeReady()
        } catch {
            reason = error.message
        }
        return PluginStatus(
            name: name, version: description?.version ?? "", module: path, isHealthy: reason == nil,
            reason: reason, restarts: max(0, starts - 1))
    }

    /// The module's answer as it gave it, and the version that gave it.
    func resolve(config: String, request: String) throws(HelperError) -> (version: String, text: String) {
        try makeReady()
        let result: JSONValue
        do throws(HelperError) {
            result = try call(.resolve, [("config", .string(config)), ("request", .string(request))])
        } catch {
            guard process != nil else { throw error }
            throw HelperError(code: error.code, message: "the module \(name): \(error.message)")
        }
        guard let answer = result["answer"]?.stringValue else { throw lost("its process answered without an answer") }
        failure = nil
        return (description?.version ?? "", answer)
    }

    /// Something on the node changed; a module that isn't running learns it from its next request.
    func tell(facts: String) {
        guard process != nil else { return }
        _ = try? call(.facts, [("facts", .string(facts))])
    }

    /// As the module says; before it could, the file's name without `.so`.
    private var name: String {
        description?.name ?? printable(String((path.split(separator: "/").last ?? "").dropLast(3)))
    }

    /// A process that runs the file as it is now, or the reason why there is none.
    private func makeReady() throws(HelperError) {
        let now: ModuleFile
        do throws(ModuleFile.Untrusted) {
            now = try ModuleFile(checking: path)
        } catch {
            process = nil
            throw failed(error.reason)
        }
        if now != file {
            process = nil
            failure = nil
            file = now
        }
        if process != nil { return }
        if let failure, failure.retryAt > .now { throw failed(failure.reason) }
        try start(now)
    }

    private func start(_ file: ModuleFile) throws(HelperError) {
        starts += 1
        do throws(ModuleProcess.Broken) {
            process = try ModuleProcess(launcher: launcher, module: file.path, log: log)
        } catch {
            throw lost(error.reason)
        }
        do throws(HelperError) {
            let result = try call(.describe, [])
            guard let name = result["name"]?.stringValue, let version = result["version"]?.stringValue else {
                throw lost("its process answered without a name")
            }
            description = ModuleDescription(name: printable(name), version: printable(version))
        } catch {
            // A module that can't be loaded needs no process.
            throw process == nil ? error : lost(error.message)
        }
    }

    private func call(_ method: Exchange.Method, _ fields: [(String, JSONValue)]) throws(HelperError) -> JSONValue {
        guard let process else { throw failed("isn't running") }
        do throws(ModuleProcess.CallError) {
            return try process.call(method, fields, within: method == .describe ? patience.start : patience.call)
        } catch {
            switch error {
            case .answered(let answer): throw answer
            case .broken(let broken): throw lost(broken.reason)
            }
        }
    }

    /// Ends the process, and gives it more time each time before it is started again.
    private func lost(_ reason: String) -> HelperError {
        process = nil
        let count = (failure?.count ?? 0) + 1
        failure = Failure(reason: reason, count: count, retryAt: .now + patience.restart(afterFailures: count))
        log(3, reason)
        return failed(reason)
    }

    private func failed(_ reason: String) -> HelperError {
        HelperError(code: "plugin_failed", message: "the module \(name) \(reason)", hint: "see \(path)")
    }
}
