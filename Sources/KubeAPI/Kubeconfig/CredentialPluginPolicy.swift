import EgressModel
import EgressPorts
import JSONText
import KubeObjects

/// Which credential plugins the user lets run, by `credentialPluginPolicy` of kubectl's own preferences
/// (`~/.kube/kuberc`, kubectl.config.k8s.io/v1beta1). Who wrote `DenyAll` means us too.
enum CredentialPluginPolicy: Sendable, Hashable {
    case allowAll
    case denyAll
    /// Names that PATH finds, or absolute paths.
    case allow([String])

    /// A file that is there and can't be understood is an error: it may be the one that forbids.
    static func read(_ variables: [String: String]) throws(ClusterError) -> CredentialPluginPolicy {
        guard variables["KUBECTL_KUBERC"]?.lowercased() != "false", variables["KUBERC"] != "off" else { return .allowAll }
        let path = variables["KUBERC"].given ?? variables["HOME"].given.map { "\($0)/.kube/kuberc" }
        guard let path else { return .allowAll }
        let bytes: [UInt8]
        do throws(LocalFile.Failure) {
            bytes = try LocalFile.read(path)
        } catch {
            if error.isMissing { return .allowAll }
            throw ClusterError("kuberc: \(error.message)")
        }
        return try parse(String(decoding: bytes, as: UTF8.self), file: path)
    }

    static func parse(_ text: String, file: String) throws(ClusterError) -> CredentialPluginPolicy {
        let documents: [JSONValue]
        do throws(YAMLError) {
            documents = try yamlValues(text, file: file)
        } catch {
            throw ClusterError("kuberc: \(file):\(error.place.line): \(error.message)")
        }
        let policies = try documents.map { document throws(ClusterError) in try policy(document, file: file) }
        return policies.first { $0 != .allowAll } ?? .allowAll
    }

    private static func policy(_ document: JSONValue, file: String) throws(ClusterError) -> CredentialPluginPolicy {
        let list = try allowed(document["credentialPluginAllowlist"], file: file)
        let policy = document["credentialPluginPolicy"] ?? .null
        guard list == nil || policy == "Allowlist" else {
            throw ClusterError("kuberc: \(file): credentialPluginAllowlist is only for credentialPluginPolicy: Allowlist")
        }
        switch policy {
        case .null, "", "AllowAll": return .allowAll
        case "DenyAll": return .denyAll
        case "Allowlist":
            guard let list, !list.isEmpty else { throw ClusterError("kuberc: \(file): credentialPluginAllowlist is missing or empty") }
            return .allow(list)
        default:
            throw ClusterError("kuberc: \(file): credentialPluginPolicy must be AllowAll, DenyAll or Allowlist")
        }
    }

    private static func allowed(_ value: JSONValue?, file: String) throws(ClusterError) -> [String]? {
        guard let value, !value.isNull else { return nil }
        guard let entries = value.arrayValue else { throw ClusterError("kuberc: \(file): credentialPluginAllowlist must be a list") }
        return try entries.map { entry throws(ClusterError) in
            // `name` until Kubernetes 1.35.
            let command = entry["command"]?.stringValue ?? entry["name"]?.stringValue ?? ""
            guard !command.isEmpty, FilePath.clean(command) == command, command.hasPrefix("/") || !command.contains("/") else {
                throw ClusterError(
                    "kuberc: \(file): an entry of credentialPluginAllowlist needs a command: a name, or an absolute path without detours")
            }
            return command
        }
    }

    /// Why a plugin may not run, in client-go's words; `nil` when it may.
    func refusal(of command: String, _ programs: ProgramSearch) -> String? {
        switch self {
        case .allowAll: return nil
        case .denyAll: return "plugin \"\(command)\" not allowed: policy set to \"DenyAll\""
        case .allow(let entries):
            let program = programs.find(command)
            let isListed = entries.contains { $0 == command || (program != nil && programs.find($0) == program) }
            return isListed ? nil : "plugin \"\(command)\" not allowed: not in the allowlist of kuberc"
        }
    }
}
