import EgressModel
import EgressPlan
import EgressPolicy

extension StrategyOutcome {
    init(_ answer: PluginAnswer) {
        self = .answer(
            StrategyAnswer(
                version: answer.version, ipv4: answer.ipv4, ipv6: answer.ipv6, interface: answer.interface, claims: answer.claim))
    }

    /// `nil`: the helper itself is gone, which says nothing about the module.
    init?(_ error: HelperError) {
        let text = String(error.description.split(whereSeparator: \.isNewline).joined(separator: " ").prefix(Self.longestReason))
        switch error.code {
        case "unreachable": return nil
        case "plugin_no_address": self = .noAddress(Reason(.pluginNoAddress, text))
        case "not_found": self = .failed(Reason(.pluginUnknown, text))
        case "plugin_refused": self = .failed(Reason(.pluginRefusedConfiguration, text))
        default: self = .failed(Reason(.pluginFailed, text))
        }
    }

    /// Characters of a module's words that go into the node's report.
    private static let longestReason = 512
}
