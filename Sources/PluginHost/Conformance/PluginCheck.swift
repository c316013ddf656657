// SPDX-License-Identifier: Apache-2.0
import Glibc
import JSONText

/// Tries a module and says in words what is wrong: the conformance suite of `egress_plugin.h`.
///
/// No code of the module runs in the calling process: each check has a process of its own, with the privileges that a
/// module in use has, and a deadline.
public struct PluginCheck: Sendable {
    /// Why there is nothing to check.
    public struct Misused: Error, CustomStringConvertible {
        public var description: String
    }

    private let launcher: [String]
    private let module: String
    private let config: String
    private let request: String
    private let milliseconds: Int

    /// - Parameters:
    ///   - executable: absolute path of `egress-helper`; called as `egress-helper plugin-probe MODULE`.
    ///   - module: its path; a relative one is of the working directory.
    ///   - config: a configuration that the module takes, a JSON object.
    ///   - request: one that the module answers, a JSON object; `nil`: of a made-up node. Its `config` is replaced.
    ///   - call: how long a call of the module may take.
    public init(executable: String, module: String, config: String = "{}", request: String? = nil, call: Duration = .seconds(2))
        throws(Misused)
    {
        launcher = [executable]
        self.module =
            realpath(module, nil).map { path in
                defer { free(path) }
                return String(cString: path)
            } ?? module
        let configuration = try Self.object(config, "the configuration")
        // As the host writes it.
        self.config = configuration.text(sorted: true)
        let given = try request.map { text throws(Misused) in try Self.object(text, "the request") } ?? ProbeRequest.full
        self.request = ProbeRequest.changed(given.text(), [("config", configuration)]).text()
        milliseconds = Int(call / .milliseconds(1))
    }

    private static func object(_ text: String, _ name: String) throws(Misused) -> JSONValue {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(parsing: text, limits: JSONLimits(bytes: Exchange.longestRequest))
        } catch {
            throw Misused(description: "\(name) is not JSON: \(error)")
        }
        guard value.objectValue != nil else { throw Misused(description: "\(name) must be a JSON object, not \(value.kindName)") }
        return value
    }

    /// Takes some seconds; longer for a module that hangs.
    public func run() -> PluginCheckReport {
        var report = PluginCheckReport(module: module)
        // Why nothing can be said about a check.
        var blocked: [ConformanceCheck: String] = [:]
        var elsewhere: [ConformanceCheck: ConformanceFinding] = [:]
        for check in ConformanceCheck.allCases {
            let result: PluginCheckReport.Result
            if let finding = elsewhere[check] {
                result = .init(check: check, verdict: .fail, findings: [finding])
            } else if let reason = check.needs.compactMap({ blocked[$0] }).first {
                blocked[check] = reason
                result = .init(check: check, verdict: .skip, reason: reason)
            } else if check.needsAnswer, report.verdict(.resolve) == .warn {
                result = .init(check: check, verdict: .skip, reason: "resolve gave no answer to look at")
            } else if let own = fileResult(check) {
                result = own
            } else {
                let outcome = probe(check)
                result = outcome.result(check)
                outcome.note(in: &report)
                for (about, finding) in outcome.elsewhere(check) where elsewhere[about] == nil { elsewhere[about] = finding }
            }
            if result.verdict == .fail { blocked[check] = "\(check.rawValue) failed" }
            report.results.append(result)
        }
        return report
    }

    /// What needs no process.
    private func fileResult(_ check: ConformanceCheck) -> PluginCheckReport.Result? {
        switch check {
        case .file: FileChecks.file(module)
        case .place: FileChecks.place(module)
        case .symbols: FileChecks.symbols(module)
        case .output, .log: .init(check: check, verdict: .pass)
        default: nil
        }
    }

    private func probe(_ check: ConformanceCheck) -> ProbeOutcome {
        let task = ProbeTask(
            check: check, config: config, request: request, keepsUser: !FileChecks.isReadableByAll(module), milliseconds: milliseconds)
        return ProbeProcess.run(launcher: launcher, module: module, task: task)
    }
}
