import EgressModel

/// One entry of a policy with a `strategy` on one node: the module's answer, or what stays in force without one.
///
/// A module that fails keeps its last good answer, whatever became of the policy's configuration meanwhile; one that says
/// that there is no address doesn't. The node's own report is the memory, so that an agent may restart at any time.
struct PluginEntry {
    /// As the policy names it.
    let strategy: String
    /// `nil`: the module hasn't answered the question of now.
    let outcome: StrategyOutcome?
    /// What the node announced for the entry before.
    let previous: EntryResolution?
    /// RFC 3339 in UTC.
    let now: String?

    func assign(_ request: AssignmentRequest) -> Assignment {
        switch outcome {
        case .answer(let answer)?:
            var assignment = PluginAnswerCheck(strategy: strategy).assign(answer, request)
            assignment.strategy = StrategyReport(
                name: strategy, version: answer.version, claims: answer.claims, since: since(assignment))
            return assignment
        case .noAddress(let reason)?:
            return .missing(request.families, reason)
        case .failed(let reason)?:
            return last(request, reason) ?? .missing(request.families, reason)
        case nil:
            return unanswered(request)
        }
    }

    /// The answer that is in force.
    private var lastGood: (answer: StrategyAnswer, report: StrategyReport)? {
        guard let previous, let report = previous.strategy, previous.isPluginAnswer else { return nil }
        let answer = StrategyAnswer(
            version: report.version, ipv4: previous.ipv4, ipv6: previous.ipv6, interface: previous.interface, claims: report.claims)
        return (answer, report)
    }

    /// The last good answer as far as it still holds; `failure` stands for families that it has no address of.
    private func last(_ request: AssignmentRequest, _ failure: Reason) -> Assignment? {
        guard let (answer, report) = lastGood else { return nil }
        var assignment = PluginAnswerCheck(strategy: report.name).assign(answer, request)
        for family in request.families where assignment.addresses(family).isEmpty {
            let had = family == .ipv4 ? answer.ipv4 : answer.ipv6
            if had.isEmpty {
                assignment.families[family] = .missing(failure)
            } else if case .missing(let reason)? = assignment.families[family] {
                assignment.families[family] = .missing(Reason(reason.code, "\(reason.text); no newer answer: \(failure.coded)"))
            }
        }
        assignment.strategy = report
        assignment.warning = LastAnswerReason.reason(of: strategy, failure, report)
        return assignment
    }

    /// While the module is being asked, what is in force stays, and the policy as it is now isn't yet.
    private func unanswered(_ request: AssignmentRequest) -> Assignment {
        let waiting = Reason(.addressUnknown, "strategy \(strategy) has not answered on \(request.node) yet")
        if var assignment = last(request, waiting), let report = assignment.strategy {
            assignment.warning = Reason(waiting.code, waiting.text + LastAnswerReason.standing(report))
            return assignment
        }
        return ownAddresses(request, waiting) ?? .missing(request.families, waiting)
    }

    /// What the policy's own fields gave before it got a strategy: from that to the module's first answer there is no third
    /// state. It is no module's answer, so a module that fails doesn't keep it.
    private func ownAddresses(_ request: AssignmentRequest, _ waiting: Reason) -> Assignment? {
        guard let previous, previous.strategy == nil, !(previous.ipv4 + previous.ipv6).isEmpty else { return nil }
        let answer = StrategyAnswer(version: "", ipv4: previous.ipv4, ipv6: previous.ipv6, interface: previous.interface)
        var assignment = PluginAnswerCheck(strategy: strategy).assign(answer, request)
        assignment.warning = Reason(waiting.code, "\(waiting.text); the policy's addresses of before stay in force until it has")
        return assignment
    }

    /// When the addresses were first announced: asking again for the same ones changes nothing.
    private func since(_ assignment: Assignment) -> String? {
        let (ipv4, ipv6) = (assignment.addresses(.ipv4), assignment.addresses(.ipv6))
        guard !(ipv4 + ipv6).isEmpty else { return nil }
        if let previous, let since = previous.strategy?.since, previous.ipv4.sorted() == ipv4, previous.ipv6.sorted() == ipv6 {
            return since
        }
        return now
    }
}

/// The sentence of `EG1206`. A node's report has nothing but the sentence, so the failure's own code is read back from it.
enum LastAnswerReason {
    private static let fails = " fails (", end = "): ", good = "; its last good answer, of "

    static func reason(of strategy: String, _ failure: Reason, _ report: StrategyReport) -> Reason {
        Reason(.lastAnswerInForce, "strategy \(strategy)\(fails)\(failure.code)\(end)\(failure.text)" + standing(report))
    }

    /// `; its last good answer, of static 1.0 since 2026-11-22T10:00:00Z, stays in force`.
    static func standing(_ report: StrategyReport) -> String {
        "\(good)\(report.title)\(report.since.map { " since \($0)" } ?? ""), stays in force"
    }

    /// The code of the failure that the sentence tells; `nil` where it is another sentence.
    static func failure(in text: String) -> ReasonCode? {
        guard let start = text.firstRange(of: fails), let stop = text[start.upperBound...].firstRange(of: end) else { return nil }
        let code = text[start.upperBound..<stop.lowerBound]
        return code.hasPrefix("EG") && code.utf8.count == 6 ? ReasonCode(rawValue: String(code)) : nil
    }

    /// The part of the sentence that tells what fails, where the answer has been told already.
    static func cause(in text: String) -> String {
        text.ranges(of: good).last.map { String(text[..<$0.lowerBound]) } ?? text
    }
}
