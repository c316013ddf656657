/// One module, and how it is.
public struct PluginStatus: Sendable, Hashable {
    public var name: String
    public var version: String
    /// Absolute path of the module.
    public var module: String
    public var isHealthy: Bool
    /// Why it isn't healthy; of one that is, what there is to know: why its last process ended, what of its sandbox is missing.
    public var reason: String?
    /// How often its process was started again, for the file as it is now.
    public var restarts: Int

    public init(name: String, version: String, module: String, isHealthy: Bool, reason: String? = nil, restarts: Int = 0) {
        self.name = name
        self.version = version
        self.module = module
        self.isHealthy = isHealthy
        self.reason = reason
        self.restarts = restarts
    }
}
