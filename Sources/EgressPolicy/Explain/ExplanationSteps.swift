import EgressModel

/// The steps from the pod to the answer, in order, up to the one that decides; then whether the nodes have it.
struct ExplanationSteps {
    let pod: ResolvedPod
    let effective: EffectivePolicy

    /// Without a destination: only what holds for all of them.
    func general() -> [ExplanationStep] {
        let nodes = [pod.pod.nodeName].compactMap(\.self)
        let inForce = Set(pod.rules.map(\.policyUID)).sorted().map { ForceCheck(effective: effective).step($0, nodes: nodes) }
        return [selected] + pluginAnswers + inForce
    }

    func steps(_ walk: PodWalk, to destination: IPAddress) -> [ExplanationStep] {
        switch walk {
        case .notApplicable(let reason):
            return [ExplanationStep(.selected, .no, reason.text)]
        case .inCluster(let range) where range.kind == .assumed:
            let why = "\(destination) is treated as inside: the cluster's own ranges aren't known (\(ReasonCode.rangesUnknown))"
            return [selected, ExplanationStep(.matched, .no, why)]
        case .inCluster(let range):
            return [selected, ExplanationStep(.matched, .no, "\(destination) is inside the cluster (\(range.title)), never steered")]
        case .unselected:
            return [selected]
        case .unmatched:
            return [selected, ExplanationStep(.matched, .no, "no destination of \(names) holds \(destination)")]
        case .rule(let rule):
            return [selected] + steps(rule, to: destination)
        case .unknown(let reason, _):
            let isSelected = effective.unread(.policy) == nil && !pod.policies.isEmpty
            return isSelected ? [selected, ExplanationStep(.matched, .unknown, reason.coded)] : [selected]
        }
    }

    private var names: String { pod.policies.joined(separator: ", ") }

    private var selected: ExplanationStep {
        if let reason = pod.notApplicable { return ExplanationStep(.selected, .no, reason.text) }
        if pod.policies.isEmpty { return notSelected }
        return ExplanationStep(.selected, .yes, "by \(pod.policies.count == 1 ? "policy" : "policies") \(names)")
    }

    private var notSelected: ExplanationStep {
        if let unread = effective.unread(.policy) {
            return ExplanationStep(.selected, .unknown, unread.reason("which policies there are").coded)
        }
        guard let first = pod.undecided.first else { return ExplanationStep(.selected, .no, "no policy selects it") }
        let names = pod.undecided.map(\.name).joined(separator: ", ")
        return ExplanationStep(.selected, .unknown, "no policy is known to; of \(names): \(first.reason.coded)")
    }

    /// Of every policy of the pod whose address a plugin module finds.
    private var pluginAnswers: [ExplanationStep] {
        var seen: Set<String> = []
        return pod.rules.filter { $0.gatewayNode != nil && seen.insert($0.policyUID).inserted }.compactMap { rule in
            guard let answer = PluginAnswerText(rule, effective) else { return nil }
            var step = answer.step(rule)
            step.detail = "policy \(rule.policy): \(step.detail)"
            return step
        }
    }

    private func steps(_ rule: ResolvedRule, to destination: IPAddress) -> [ExplanationStep] {
        var steps = [ExplanationStep(.matched, .yes, matched(rule, destination))]
        switch rule.reason.code {
        case .excluded: break
        case let code where code.isUnread: return steps + unread(rule)
        case .familyWithoutDatapath: steps.append(ExplanationStep(.path, .no, "\(rule.reason.text) (\(rule.reason.code))"))
        default: steps.append(gateway(rule))
        }
        if rule.gatewayNode != nil {
            steps.append(address(rule))
            if rule.action == .gateway { steps.append(path(rule)) }
        }
        let nodes = [pod.pod.nodeName, rule.gatewayNode].compactMap(\.self).unique
        steps.append(ForceCheck(effective: effective).step(rule.policyUID, nodes: nodes))
        return steps
    }

    /// What can be said of a gateway that isn't known: what the policy asks for, and what the pod's own node has.
    private func unread(_ rule: ResolvedRule) -> [ExplanationStep] {
        let gateway = rule.gatewayNode.map { "\($0) matches; " } ?? ""
        let address = rule.egressIP.map { "\($0) is what the policy asks for; " } ?? ""
        return [
            ExplanationStep(.gateway, .unknown, gateway + rule.reason.coded),
            ExplanationStep(.address, .unknown, address + rule.reason.coded),
            ForceCheck(effective: effective).step(rule.policyUID, nodes: [pod.pod.nodeName, rule.gatewayNode].compactMap(\.self).unique),
        ]
    }

    private func matched(_ rule: ResolvedRule, _ destination: IPAddress) -> String {
        let beaten = rule.beats.isEmpty ? "" : ", before \(rule.beats.joined(separator: ", "))"
        let what = rule.reason.code == .excluded ? "is excluded by" : "is a destination of"
        return "\(rule.prefix) \(what) policy \(rule.policy)\(beaten), and the longest that holds \(destination)"
    }

    private func gateway(_ rule: ResolvedRule) -> ExplanationStep {
        guard let node = rule.gatewayNode else { return ExplanationStep(.gateway, .no, "\(rule.reason.text) (\(rule.reason.code))") }
        let at = rule.gatewayAddress.map { " (\($0))" } ?? ""
        return ExplanationStep(
            .gateway, .yes, "\(node)\(at), \(rule.ranked.count == 1 ? "the only one" : "the first of \(rule.ranked.count)")")
    }

    private func address(_ rule: ResolvedRule) -> ExplanationStep {
        if let answer = PluginAnswerText(rule, effective) { return answer.step(rule) }
        guard rule.action == .gateway else { return ExplanationStep(.address, .no, "\(rule.reason.text) (\(rule.reason.code))") }
        guard let address = rule.egressIP, rule.reason.code == .byGateway else {
            let intended = rule.egressIP.map { "\($0) is what the policy asks for" } ?? "the gateway finds it"
            return ExplanationStep(.address, .unknown, "\(intended); no node has confirmed it (\(rule.reason.code))")
        }
        return ExplanationStep(.address, .yes, "\(address)\(rule.interface.map { " on \($0)" } ?? "")")
    }

    private func path(_ rule: ResolvedRule) -> ExplanationStep {
        let isLocal = pod.pod.nodeName == rule.gatewayNode
        let way =
            isLocal
            ? "the pod's own node is the gateway: no tunnel"
            : "from \(pod.pod.nodeName ?? "its node") through the tunnel to \(rule.gatewayNode ?? "the gateway")"
        guard let steering = effective.report(of: pod.pod.nodeName)?.steering else {
            return ExplanationStep(.path, .unknown, "\(way); how it is steered isn't reported")
        }
        let why = steering.reason.isEmpty ? "" : " (\(steering.reason))"
        return ExplanationStep(.path, .yes, "\(way), steered by \(steering.default.rawValue)\(why)")
    }
}

extension Reason {
    /// `text (EG1234)`.
    public var coded: String { "\(text) (\(code))" }
}

extension [String] {
    /// Each once, in the order of the first.
    fileprivate var unique: [String] {
        var seen: Set<String> = []
        return filter { seen.insert($0).inserted }
    }
}
