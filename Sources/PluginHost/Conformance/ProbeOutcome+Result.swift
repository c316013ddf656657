// SPDX-License-Identifier: Apache-2.0
import Glibc

extension ProbeOutcome {
    /// What the outcome means for the check that it was of.
    func result(_ check: ConformanceCheck) -> PluginCheckReport.Result {
        var findings: [ConformanceFinding] = []
        var warnings: [ConformanceFinding] = []
        var reason: String?
        for message in messages {
            switch message {
            case .finding(let finding, check, false): findings.append(finding)
            case .finding(let finding, check, true): warnings.append(finding)
            case .skipped(let text): reason = text
            default: break
            }
        }
        if let trouble {
            // Other troubles of that process are those of other checks.
            if check == .processes, end != .signalled(SIGSYS) {
                reason = "its process didn't get that far: it \(trouble.what)"
            } else if !saidDone || saidNonsense || check == .end {
                findings.append(trouble)
            }
        }
        if !findings.isEmpty { return .init(check: check, verdict: .fail, findings: findings + warnings) }
        if !warnings.isEmpty { return .init(check: check, verdict: .warn, findings: warnings) }
        if let reason { return .init(check: check, verdict: .skip, reason: reason) }
        return .init(check: check, verdict: .pass)
    }

    /// What was seen on the way that is another check's.
    func elsewhere(_ check: ConformanceCheck) -> [(ConformanceCheck, ConformanceFinding)] {
        var findings: [(ConformanceCheck, ConformanceFinding)] = messages.compactMap { message in
            if case .finding(let finding, let about, _) = message, about != check { (about, finding) } else { nil }
        }
        if saidDone, !saidNonsense, let trouble, check != .end { findings.append((.end, trouble)) }
        if output.count > 0 {
            let finding = ConformanceFinding(
                what:
                    "printed \(GuardedBuffer.bytes(output.count)) on standard output while \(check.rawValue) was checked: \(output.text.prefix(100))",
                advice: "use host->log; standard output isn't the module's")
            findings.append((.output, finding))
        }
        return findings
    }

    func note(in report: inout PluginCheckReport) {
        for case .module(let name, let version) in messages { (report.name, report.version) = (name, version) }
    }

    /// How the process ended when it didn't end well.
    private var trouble: ConformanceFinding? {
        if saidNonsense {
            return ConformanceFinding(
                what: "wrote on descriptor 3, which is the host's, in \(step)", advice: "write only on descriptors that you opened")
        }
        switch end {
        case .done: return nil
        case .exited(ProbeVoice.unheard):
            return ConformanceFinding(what: "closed descriptor 3, which is the host's, in \(step)", advice: "close only what you opened")
        case .exited(let status):
            return ConformanceFinding(
                what: "ended its process with status \(status) in \(step)" + lastWords, advice: "return a status; never call exit or abort")
        case .signalled(SIGSYS):
            return ConformanceFinding(
                what: "tried to start a process, or made another system call that modules may not make, in \(step)" + lastWords,
                advice: "don't fork, execute, trace, mount, load BPF or change namespaces: see egress_plugin.h; use a thread")
        case .signalled(let signal):
            return ConformanceFinding(
                what: "crashed: \(String(cString: strsignal(signal))) in \(step)" + lastWords,
                advice: "compile it with -g -fsanitize=address,undefined, or debug that call")
        case .late(let milliseconds):
            return ConformanceFinding(
                what: "did not return within \(Self.seconds(milliseconds)) s from \(step)",
                advice: "answer from what you know; wait in a thread of your own")
        case .notStarted(let reason):
            return ConformanceFinding(
                what: "a process to check it in can't be started: \(reason)", advice: "call plugin-check as egress-helper's subcommand")
        }
    }

    private var lastWords: String { errors.count > 0 ? "; it said: \(errors.text.prefix(300))" : "" }

    private static func seconds(_ milliseconds: Int) -> String {
        milliseconds % 1000 == 0 ? "\(milliseconds / 1000)" : "\(milliseconds / 1000).\(milliseconds % 1000 / 100)"
    }
}
