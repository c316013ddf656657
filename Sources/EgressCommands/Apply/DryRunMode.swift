/// What `--dry-run` may say.
enum DryRunMode: String, CaseIterable, Sendable {
    case none
    case client
    case server

    init(flag text: String, of command: String) throws(CommandError) {
        guard let mode = DryRunMode(rawValue: text) else {
            throw .usage("Invalid dry-run value (\(plainText(text))). Must be \"none\", \"server\", or \"client\".", of: command)
        }
        self = mode
    }

    /// What stands after an object's name and change.
    var suffix: String {
        switch self {
        case .none: ""
        case .client: " (dry run)"
        case .server: " (server dry run)"
        }
    }
}
