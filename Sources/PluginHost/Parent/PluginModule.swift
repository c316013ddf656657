// SPDX-License-Identifier: Apache-2.0
import CEgressShims
import EgressPlan
import JSONText
import Synchronization

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
    /// What of its sandbox the process could not have.
    private var missing: [String] = []
    private var record = ModuleRecord()
    private var descriptors = DescriptorWatch()

    /// What others may see and leave while a call is under way.
    private struct Board {
        var status: PluginStatus?
        /// Not told yet.
        var facts: String?
    }
    private let board = Mutex(Board())

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(path: String, launcher: [String], patience: PluginPatience, log: @escaping ModuleOutput.Log) {
        self.path = path
        self.launcher = launcher
        self.patience = patience
        self.log = log
        executor = BlockingExecutor()
    }

    /// Starts the process where it isn't running and may be.
    func status() -> PluginStatus {
        var status = PluginStatus(name: name, version: "", module: path, isHealthy: true)
        do throws(HelperError) {
            try makeReady()
            let remarks = missing + [record.remark(at: .now)].compactMap(\.self)
            status.reason = remarks.isEmpty ? nil : remarks.joined(separator: "; ")
        } catch {
            status.isHealthy = false
            status.reason = error.message
        }
        (status.name, status.version, status.restarts) = (name, description?.version ?? "", record.restarts)
        board.withLock { $0.status = status }
        return status
    }

    /// What is known, for who doesn't want to wait until a call that is under way ends.
    nonisolated var lastStatus: PluginStatus {
        board.withLock(\.status)
            ?? PluginStatus(
                name: Self.fileName(path), version: "", module: path, isHealthy: false, reason: "its process has not said who it is yet")
    }

    /// The module's answer as it gave it, and the version that gave it; `nil` when it has another name by now.
    func resolve(as strategy: String, config: String, request: String) throws(HelperError) -> (version: String, text: String)? {
        passFacts()
        try makeReady()
        guard let description, description.name == strategy else { return nil }
        let result = try call(.resolve, [("config", .string(config)), ("request", .string(request))])
        guard let answer = result["answer"]?.stringValue else { throw lost("its process answered without an answer") }
        record.succeed()
        return (description.version, answer)
    }

    /// Something on the node changed. Returns at once; while the module is busy, the newest waits and replaces what did.
    ///
    /// A module that isn't running learns it from its next request.
    nonisolated func tell(facts: String) {
        let isAlone = board.withLock { board in
            defer { board.facts = facts }
            return board.facts == nil
        }
        if isAlone { Task { await passFacts() } }
    }

    private func passFacts() {
        guard let facts = board.withLock({ $0.facts.take() }), process != nil else { return }
        // Of no interest to who asks: a process that broke is noticed by whoever needs it.
        _ = try? call(.facts, [("facts", .string(facts))])
    }

    /// As the module says; before it could, the file's name.
    private var name: String { description?.name ?? Self.fileName(path) }

    private static func fileName(_ path: String) -> String {
        printable(String((path.split(separator: "/").last ?? "").dropLast(".so".count)))
    }
}

extension PluginModule {
    /// A process that runs the file as it is now, or the reason why there is none.
    private func makeReady() throws(HelperError) {
        let now: ModuleFile
        do throws(Untrusted) {
            now = try ModuleFile(checking: path)
        } catch {
            process = nil
            throw failed(error.reason)
        }
        if now != file {
            process = nil
            description = nil
            record = ModuleRecord()
            file = now
        }
        if let trouble = process?.trouble() { throw lost(trouble.reason) }
        if process != nil { return }
        if let failure = record.failure, failure.retryAt > .now { throw failed(failure.reason(at: .now)) }
        try start(now)
    }

    private func start(_ file: ModuleFile) throws(HelperError) {
        record.starts += 1
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
            missing = (result["missing"]?.arrayValue ?? []).prefix(4).compactMap { $0.stringValue.map(printable) }
        } catch {
            // A module that can't be loaded needs no process.
            throw process == nil ? error : lost(error.message)
        }
    }

    private func call(_ method: Exchange.Method, _ fields: [(String, JSONValue)]) throws(HelperError) -> JSONValue {
        guard let process else { throw failed("isn't running") }
        do throws(ModuleProcess.CallError) {
            let result = try process.call(method, fields, within: method == .describe ? patience.start : patience.call)
            look(at: process, after: method)
            return result
        } catch {
            switch error {
            case .answered(let answer):
                look(at: process, after: method)
                guard method == .resolve else { throw answer }
                throw HelperError(code: answer.code, message: "the module \(name): \(answer.message)")
            case .broken(let broken): throw lost(broken.reason)
            }
        }
    }

    /// A process that runs out of descriptors can't answer any more: it is replaced before.
    private func look(at process: ModuleProcess, after method: Exchange.Method) {
        switch descriptors.see(process.descriptors, isStart: method == .describe) {
        case .fine: break
        case .many(let remark): log(4, remark)
        case .tooMany(let remark):
            log(4, "\(remark); its process is started anew")
            record.replace(remark, at: .now)
            if method != .describe { self.process = nil }
        }
    }

    /// Ends the process, and gives it more time each time before it is started again.
    private func lost(_ reason: String) -> HelperError {
        process = nil
        log(3, reason)
        return failed(record.fail(reason, patience, at: .now).reason(at: .now))
    }

    private func failed(_ reason: String) -> HelperError {
        HelperError(code: "plugin_failed", message: "the module \(name) \(reason)", hint: "see \(path)")
    }
}
