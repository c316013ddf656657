import Logging

extension CommandEnvironment {
    /// What adapters log into, by `-v`: 6 shows requests, 8 bodies without secrets; on standard error, as klog has it.
    func log(verbosity: Int) -> Logger {
        let sink = standardError
        var log = Logger(label: "api") { _ in AgentLog(write: { sink(plainText($0)) }) }
        log.logLevel =
            switch verbosity {
            case ..<4: .warning
            case ..<6: .info
            case ..<8: .debug
            default: .trace
            }
        return log
    }
}
