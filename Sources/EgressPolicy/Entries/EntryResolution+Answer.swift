public import EgressModel

extension StrategyReport {
    /// `static 1.0`; the name alone where the module has no version.
    public var title: String { version.isEmpty ? name : "\(name) \(version)" }
}

extension EntryResolution {
    public var hasAddresses: Bool { !ipv4.isEmpty || !ipv6.isEmpty }

    /// Addresses that a plugin module gave: what stays in force when it fails.
    public var isPluginAnswer: Bool { strategy != nil && hasAddresses }

    /// What was in force stays, as a module fails (EG1206) or hasn't answered the question of now (EG1105).
    public var isLastAnswer: Bool {
        code == ReasonCode.lastAnswerInForce.rawValue || (code == ReasonCode.addressUnknown.rawValue && hasAddresses)
    }

    /// Some family that is needed has no address.
    public var lacksAddress: Bool { !code.isEmpty && !isLastAnswer }
}
