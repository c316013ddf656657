import EgressModel

/// How requests say who asks: `kubectl-egress/0.1.0 (linux/amd64)`.
enum UserAgent {
    static let text = "kubectl-egress/\(ProductVersion.current) (linux/\(architecture))"

    /// Go's names, as in kubectl's own.
    private static var architecture: String {
        #if arch(x86_64)
            "amd64"
        #elseif arch(arm64)
            "arm64"
        #else
            "unknown"
        #endif
    }
}
