import EgressPorts
import JSONText
import TestKit

@testable import KubeAPI

/// The real kubectl, given the same files, variables and flags.
struct KubectlOracle {
    /// `--context nope` and the like; `KEY=value` sets a variable.
    var arguments: [String]
    var home: String

    /// What our command line would hand over for the same arguments.
    var access: ClusterAccess {
        var access = ClusterAccess()
        access.variables = ["HOME": home, "PATH": "/usr/bin:/bin"].merging(variables) { $1 }
        var index = 0
        while index < flags.count {
            let value = flags.indices.contains(index + 1) ? flags[index + 1] : ""
            index += 2
            switch flags[index - 2] {
            case "--kubeconfig": access.kubeconfig = value
            case "--context": access.context = value
            case "--cluster": access.cluster = value
            case "--user": access.user = value
            case "-n": access.namespace = value
            case "--server": access.server = value
            case "--token": access.token = value
            case "--as": access.impersonatedUser = value
            case "--as-uid": access.impersonatedUID = value
            case "--as-group": access.impersonatedGroups.append(value)
            case "--certificate-authority": access.certificateAuthority = value
            case "--client-certificate": access.clientCertificate = value
            case "--client-key": access.clientKey = value
            case "--tls-server-name": access.tlsServerName = value
            case "--insecure-skip-tls-verify":
                access.isInsecure = true
                index -= 1
            default: break
            }
        }
        return access
    }

    private var flags: [String] { arguments.filter { !isVariable($0) } }

    private var variables: [String: String] {
        Dictionary(
            arguments.filter(isVariable).map { word in
                let name = word.prefix { $0 != "=" }
                return (String(name), String(word.dropFirst(name.count + 1)))
            }
        ) { $1 }
    }

    private func isVariable(_ word: String) -> Bool {
        guard let equals = word.firstIndex(of: "="), equals > word.startIndex else { return false }
        return word[..<equals].allSatisfy { $0.isUppercase || $0 == "_" }
    }

    func run(_ command: [String]) throws -> CommandOutcome {
        let clean = [
            "KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_MASTER", "HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy",
        ]
        return try Command.outcome(
            ["env"] + clean.flatMap { ["-u", $0] } + ["HOME=\(home)"] + variables.map { "\($0.key)=\($0.value)" } + [
                "timeout", "20", Programs.kubectl,
            ]
                + command + flags)
    }

    func json(_ command: [String]) throws -> JSONValue {
        let outcome = try run(command)
        guard outcome.succeeded else { throw TestKitError("kubectl \(command + flags): \(outcome.errors)") }
        return try JSONValue(parsing: outcome.output)
    }
}

extension ClusterError {
    /// As the command line prints it, the hint aside.
    var printed: String { voice == .ours ? "error: \(message)" : message }
}
