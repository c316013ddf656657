import Logging

/// Lines on standard error: level, then the message. What stamps lines with times is whoever collects them.
struct AgentLog: LogHandler {
    let write: CommandEnvironment.Sink
    var logLevel: Logger.Level = .info
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        write("\(event.level.rawValue): \(event.message)\n")
    }
}
