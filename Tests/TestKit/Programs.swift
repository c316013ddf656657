import Glibc

/// Where the programs are that tests run.
public enum Programs {
    /// The top of the checkout, found from this file.
    public static let top = String(#filePath.dropLast("/Tests/TestKit/Programs.swift".count))

    /// Where `kubectl-egress` and `egress-helper` were built: `EGRESS_BIN`, or beside the test bundle.
    public static let folder: String = {
        if let given = getenv("EGRESS_BIN") {
            let path = String(cString: given)
            return path.hasPrefix("/") ? path : "\(top)/\(path)"
        }
        let bundle = CommandLine.arguments.first ?? ""
        return bundle.lastIndex(of: "/").map { String(bundle[..<$0]) } ?? "\(top)/.build/debug"
    }()

    /// The real kubectl, found on ``path``.
    public static let kubectl = "kubectl"

    /// PATH of commands that users type: our programs first, kubectl of `KUBEBUILDER_ASSETS` where the machine has none.
    public static let path: String = [folder, text("PATH") ?? "/usr/bin:/bin", text("KUBEBUILDER_ASSETS")].compactMap { $0 }
        .joined(separator: ":")

    private static func text(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }
}
