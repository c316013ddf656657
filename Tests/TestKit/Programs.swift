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

    /// The real kubectl, found on ``path``. Google's package puts a dispatcher there, which asks the server for its version,
    /// waits five seconds where there is none, and then runs the `kubectl.1.32` and the like beside it: that one, then.
    public static let kubectl: String = {
        for folder in path.split(separator: ":") {
            guard let found = realpath("\(folder)/kubectl", nil) else { continue }
            defer { free(found) }
            let program = String(cString: found)
            let version = try? Command.outcome([program, "version", "--client"], environment: ["PATH": path]).output
            let numbers = version?.split(separator: "v").dropFirst().first?.split(separator: ".").prefix(2).joined(separator: ".")
            if let numbers, access("\(program).\(numbers)", X_OK) == 0 { return "\(program).\(numbers)" }
            break
        }
        return "kubectl"
    }()

    /// PATH of commands that users type: our programs first, kubectl of `KUBEBUILDER_ASSETS` where the machine has none.
    public static let path: String = [folder, text("PATH") ?? "/usr/bin:/bin", text("KUBEBUILDER_ASSETS")].compactMap { $0 }
        .joined(separator: ":")

    private static func text(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }
}
